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
