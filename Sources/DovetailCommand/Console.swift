import Dovetail
import Foundation

/// stdout carries data, stderr everything else.
enum Console {
  static func log(_ line: String) {
    FileHandle.standardError.write(Data("\(line)\n".utf8))
  }

  static func print(_ text: String) {
    FileHandle.standardOutput.write(Data("\(text)\n".utf8))
  }

  static var isTerminal: Bool { isatty(2) != 0 }

  /// Seconds since some start.
  static func seconds() -> Double { Double(DispatchTime.now().uptimeNanoseconds) * 1e-9 }
}

/// Progress with rate and time left: one line that is redrawn on a terminal, else a line every five
/// seconds.
final class ProgressLine {
  private let title: String
  private let isQuiet: Bool
  private let start = Console.seconds()
  private var lastShown = -Double.infinity
  private let redraws = Console.isTerminal

  init(_ title: String, isQuiet: Bool) {
    self.title = title
    self.isQuiet = isQuiet
  }

  func show(_ progress: TrainingProgress) {
    let now = Console.seconds()
    let isLast = progress.minibatch == progress.total
    guard !isQuiet, isLast || now - lastShown >= (redraws ? 0.2 : 5) else { return }
    lastShown = now
    let elapsed = now - start
    let rate = Double(progress.images) / max(elapsed, 1e-9)
    let left =
      elapsed / Double(max(progress.minibatch, 1)) * Double(progress.total - progress.minibatch)
    let losses = progress.losses.map {
      "\($0.task) " + Format.fixed(Double($0.target), 2)
        + ($0.rotation.map { "+rot " + Format.fixed(Double($0), 2) } ?? "")
        + ($0.commonClasses.map { "+common " + Format.fixed(Double($0), 2) } ?? "")
    }.joined(separator: ", ")
    let line =
      "\(title): minibatch \(progress.minibatch)/\(progress.total), loss \(losses), "
      + "\(Int(rate)) images/s, \(Format.duration(left)) left"
    if redraws {
      FileHandle.standardError.write(Data("\r\u{1B}[K\(line)\(isLast ? "\n" : "")".utf8))
    } else {
      Console.log(line)
    }
  }
}

enum Format {
  static func fixed(_ value: Double, _ digits: Int) -> String {
    String(format: "%.\(digits)f", value)
  }

  /// "46.1 %", or "–" where there is none.
  static func percent(_ share: Double?) -> String {
    share.map { fixed($0 * 100, 1) + " %" } ?? "–"
  }

  static func duration(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded())
    return whole < 60 ? "\(whole) s" : "\(whole / 60) min \(whole % 60) s"
  }
}
