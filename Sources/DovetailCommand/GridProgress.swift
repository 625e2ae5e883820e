import Dovetail

/// All trainings of a grid on one line: how many have finished, which are under way, one time left.
/// They run in this process or in several others.
final class GridProgress {
  struct Training {
    let name: String
    /// Seconds that it would take from its beginning, by timed steps; nil: not timed.
    let seconds: Double?
    /// Steps of each task.
    let steps: Int
    /// Share that was done before.
    var done: Double
  }

  private var trainings: [Training]
  private let before: [Double]
  private let options: LogOptions
  private let start = Console.seconds()
  private let redraws: Bool
  private var lastShown = -Double.infinity
  private let damaged = DamagedNames()

  init(_ trainings: [Training], _ options: LogOptions) {
    self.trainings = trainings
    before = trainings.map(\.done)
    self.options = options
    redraws = Console.redraws && !options.verbose
  }

  deinit {
    if redraws { Console.endLine(keeps: true) }
  }

  /// Of a training in this process.
  func show(_ index: Int, _ progress: TrainingProgress) {
    if !options.quiet { damaged.say(progress) }
    let text = ProgressText(
      progress, rate: 0, waiting: nil, verbose: options.verbose, time: "")
    show(index, step: progress.step, of: progress.steps, losses: text.lossText(withShared: true))
  }

  /// Of any, by its steps.
  func show(_ index: Int, step: Int, of steps: Int, losses: String? = nil) {
    guard trainings[index].done < 1 else { return }
    trainings[index].done = Double(step) / Double(max(steps, 1))
    let now = Console.seconds()
    let isLast = finished == trainings.count
    let interval = options.verbose ? 0 : redraws ? 0.2 : 5
    guard !options.quiet, isLast || now - lastShown >= interval else { return }
    lastShown = now
    let names = trainings.filter { $0.done > 0 && $0.done < 1 }.map(\.name)
    let current = names.isEmpty ? nil : names.joined(separator: "; ")
    let count = "\(finished)/\(trainings.count) trainings"
    let time: String? =
      isLast ? Format.duration(now - start) : left(now).map { "\($0) left" }
    func join(_ parts: [String?]) -> String {
      parts.compactMap(\.self).joined(separator: ", ")
    }
    guard redraws else {
      return Console.log(join([count, current, "step \(step) of \(steps)", losses, time]))
    }
    let bar = { ProgressText.bar(self.share, cells: $0) }
    let lines = [
      "\(bar(20)) \(join([count, time, current, losses]))",
      "\(bar(10)) \(join([count, time, current]))", "\(bar(10)) \(join([count, time]))",
      join([count, time]),
    ]
    // A name that is cut tells more than none.
    let columns = Console.errorColumns - 1
    let fitting = lines.first { TerminalText.width(of: $0) <= columns }
    Console.show(fitting == lines[2] && columns >= 50 ? lines[1] : fitting ?? lines[3])
    if isLast { Console.endLine(keeps: true) }
  }

  private var finished: Int { trainings.filter { $0.done >= 1 }.count }

  /// In seconds where all were timed, else in steps.
  private var weights: [Double] {
    trainings.contains { $0.seconds == nil }
      ? trainings.map { Double($0.steps) } : trainings.map { $0.seconds ?? 0 }
  }

  private var share: Double {
    let all = max(weights.reduce(0, +), 1e-9)
    return zip(weights, trainings).reduce(0) { $0 + $1.0 * $1.1.done } / all
  }

  /// By how much of all was done since the start; timed steps tell it before that.
  private func left(_ now: Double) -> String? {
    let weights = weights
    let done = weights.indices.reduce(0.0) {
      $0 + weights[$1] * (trainings[$1].done - before[$1])
    }
    let toDo = weights.indices.reduce(0.0) { $0 + weights[$1] * (1 - trainings[$1].done) }
    guard done > 0, now - start >= 1 else { return nil }
    return Format.duration((now - start) / done * toDo)
  }
}
