import Dovetail

/// Progress with rate and time left: one line that is redrawn where stderr is a terminal, else a
/// line every five seconds; with `--verbose` a line whenever losses are read.
final class ProgressLine {
  private let title: String
  private let options: LogOptions
  private let start = Console.seconds()
  private let redraws: Bool
  private var lastShown = -Double.infinity
  private let damaged = DamagedNames()
  /// What had been done when the first progress came.
  private var first: (step: Int, images: Int, at: Double)?

  init(_ title: String, _ options: LogOptions) {
    self.title = title
    self.options = options
    redraws = Console.redraws && !options.verbose
  }

  deinit {
    if redraws { Console.endLine(keeps: true) }
  }

  func show(_ progress: TrainingProgress) {
    if !options.quiet { damaged.say(progress) }
    let now = Console.seconds()
    defer { if first == nil { first = (progress.step, progress.images, now) } }
    let isLast = progress.step == progress.steps
    let interval = options.verbose ? 0 : redraws ? 0.2 : 5
    guard !options.quiet, isLast || now - lastShown >= interval else { return }
    lastShown = now
    let elapsed = max(now - start, 1e-9)
    // A run that goes on has done more than this process: rates count from what came first.
    let known = first ?? (0, 0, start)
    let since = max(now - known.at, 1e-9)
    let done = max(progress.step - known.step, 1)
    let left = since / Double(done) * Double(progress.steps - progress.step)
    let text = ProgressText(
      progress, rate: Double(progress.images - known.images) / since,
      waiting: progress.secondsWaiting.map { $0 / elapsed }, verbose: options.verbose,
      time: isLast ? Format.duration(elapsed) : "\(Format.duration(left)) left")
    if redraws {
      let share = Double(progress.step) / Double(max(progress.steps, 1))
      Console.show(fitted(share, text, Console.errorColumns - 1))
      if isLast { Console.endLine(keeps: true) }
    } else {
      Console.log("\(title): \(text.full)")
    }
  }

  /// On one line of the terminal, else each drawing would begin a new one.
  private func fitted(_ share: Double, _ text: ProgressText, _ columns: Int) -> String {
    let lines =
      ["\(title) \(ProgressText.bar(share, cells: 20)) \(text.full)"]
      + text.shorter.map { "\(title) \(ProgressText.bar(share, cells: 10)) \($0)" }
      + ["\(title) \(text.steps), \(text.time)"]
    return lines.first { TerminalText.width(of: $0) <= columns } ?? lines[lines.count - 1]
  }
}

/// Names each damaged file once.
final class DamagedNames {
  private var named: Set<String> = []

  func say(_ progress: TrainingProgress) {
    for path in progress.skippedImages where named.insert(path).inserted {
      Console.log("\(path): damaged, the next image was taken in its place")
    }
  }
}
