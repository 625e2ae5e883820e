import Dovetail
import Foundation

/// Progress with rate and time left: a bar that is redrawn where stderr is a terminal, else a line
/// every five seconds; with `--verbose` a line whenever losses are read.
final class ProgressLine {
  private let title: String
  private let options: LogOptions
  private let start = Console.seconds()
  private let redraws: Bool
  private var lastShown = -Double.infinity
  /// A bar stands on the last line, which has no end yet.
  private var isOpen = false
  private var named: Set<String> = []
  /// Of all trainings, where there are several.
  private let leftInAll: ((TrainingProgress) -> Double)?
  /// What had been done when the first progress came.
  private var first: (step: Int, images: Int, at: Double)?

  init(
    _ title: String, _ options: LogOptions, leftInAll: ((TrainingProgress) -> Double)? = nil
  ) {
    self.title = title
    self.leftInAll = leftInAll
    self.options = options
    redraws = Console.redraws && !options.verbose
  }

  deinit {
    if isOpen { Console.log("") }
  }

  func show(_ progress: TrainingProgress) {
    if !options.quiet { nameSkipped(progress.skippedImages) }
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
    let rate = Double(progress.images - known.images) / since
    let left = since / Double(done) * Double(progress.steps - progress.step)
    var parts = ["\(progress.step)/\(progress.steps) steps"]
    if options.verbose { parts.append("learning rate \(progress.learningRate)") }
    parts.append("loss " + progress.losses.map(describe).joined(separator: ", "))
    parts.append("\(Int(rate)) images/s")
    if let waiting = progress.secondsWaiting {
      parts.append("\(Format.percent(waiting / elapsed)) waiting for images")
    }
    parts.append(isLast ? Format.duration(elapsed) : "\(Format.duration(left)) left")
    if let leftInAll, !isLast { parts.append("\(Format.duration(leftInAll(progress))) in all") }
    if redraws {
      let share = Double(progress.step) / Double(max(progress.steps, 1))
      let line = fitted(share, parts, StandardStream.error.columns ?? 80)
      Console.draw("\r\u{1B}[K\(line)\(isLast ? "\n" : "")")
      isOpen = !isLast
    } else {
      Console.log("\(title): \(parts.joined(separator: ", "))")
    }
  }

  /// On one line of the terminal, else each drawing would begin a new one: what does not fit goes,
  /// the losses of shared heads first.
  private func fitted(_ share: Double, _ parts: [String], _ columns: Int) -> String {
    func line(_ cells: Int, _ parts: [String]) -> String {
      let filled = Int(share * Double(cells))
      let bar =
        String(repeating: "#", count: filled) + String(repeating: "-", count: cells - filled)
      return "\(title) [\(bar)] \(parts.joined(separator: ", "))"
    }
    func isLoss(_ part: String) -> Bool { part.hasPrefix("loss ") }
    let short = parts.map { part in
      isLoss(part)
        ? part.split(separator: ", ").map { $0.split(separator: " + ")[0] }.joined(separator: ", ")
        : part
    }
    let lines = [
      line(20, parts), line(10, parts), line(10, short), line(10, parts.filter { !isLoss($0) }),
    ]
    return lines.first { $0.count < columns } ?? String(lines[3].prefix(max(columns - 1, 1)))
  }

  /// Each damaged file once.
  private func nameSkipped(_ paths: [String]) {
    for path in paths where named.insert(path).inserted {
      if isOpen { Console.log("") }
      isOpen = false
      Console.log("\(path): damaged, the next image was taken in its place")
    }
  }

  private func describe(_ losses: TaskLosses) -> String {
    let target = losses.target.map { [Format.fixed(Double($0), 2)] } ?? []
    let auxiliary = losses.auxiliary.sorted { $0.key < $1.key }.map {
      "\($0.key) " + Format.fixed(Double($0.value), 2)
    }
    return "\(losses.task) " + (target + auxiliary).joined(separator: " + ")
  }
}
