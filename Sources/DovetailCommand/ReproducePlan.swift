import Dovetail

extension GridPlan {
  /// A line a training, in the order of running, and all together.
  var text: String {
    var rows = [["training", "seed", "network", "steps", "ms a step", "state", "training time"]]
    for item in items {
      let isDone = item.secondsTaken != nil
      rows.append([
        item.training, "\(item.seed)", item.network, "\(item.steps)",
        item.secondsPerStep.map { Format.fixed($0 * 1e3, 1) } ?? "–",
        isDone ? "finished" : item.stepsDone > 0 ? "at step \(item.stepsDone)" : "to do",
        item.secondsTaken.map { "took " + Format.duration($0) }
          ?? Format.duration(item.secondsLeft) + " left",
      ])
    }
    let finished = items.filter { $0.secondsTaken != nil }.count
    return ResultTable.aligned(rows).joined(separator: "\n")
      + "\n\n\(items.count) trainings, \(finished) of them finished, "
      + "\(Format.duration(secondsLeft)) of training left on this device"
  }
}

/// How long the trainings after the present one will take, as far as timed steps tell.
final class TimeLeft {
  private let plan: [GridPlan.Item]
  private var position = 0
  private var began = 0.0
  private var stepsBefore = 0

  /// - Parameter plan: of what is to do.
  init(_ plan: GridPlan) { self.plan = plan.items }

  func begin(_ position: Int) {
    (self.position, began) = (position, Console.seconds())
    stepsBefore = plan[position].stepsDone
  }

  /// The present one's and all others', by how fast the present one is beside its timed steps: a
  /// machine has other things to do, too.
  func callAsFunction(_ progress: TrainingProgress) -> Double {
    let item = plan[position]
    let share = Double(progress.step) / Double(max(progress.steps, 1))
    let done = share * Double(item.steps) - Double(stepsBefore)
    let expected = done * (item.secondsPerStep ?? 0)
    let slowness = expected > 0 ? (Console.seconds() - began) / expected : 1
    let present = (1 - share) * Double(item.steps) * (item.secondsPerStep ?? 0)
    return slowness * plan[(position + 1)...].reduce(present) { $0 + $1.secondsLeft }
  }
}
