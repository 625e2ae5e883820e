import Dispatch
import Foundation
import Synchronization

/// stdout carries data, stderr everything else.
enum Console {
  static func log(_ line: String) { draw("\(line)\n") }

  /// To stderr, as it is. Where that cannot be written the work goes on: `finish` says so.
  static func draw(_ text: String) {
    let problem = StandardStream.error.write(Array(text.utf8))
    if let problem { lost.withLock { $0 = $0 ?? problem } }
  }

  static func print(_ text: String) { write(Array("\(text)\n".utf8)) }

  /// To stdout, as it is. Where that cannot be written the command has nobody to work for.
  static func write(_ bytes: [UInt8]) {
    guard let problem = StandardStream.output.write(bytes) else { return }
    log(
      "dovetail: error: standard output cannot be written: \(problem); what went into files is "
        + "there")
    exit(StandardStream.cannotWrite)
  }

  /// At the end of a command's work: messages that nobody could read are an error, said on stdout.
  static func finish() {
    guard let problem = lost.withLock({ $0 }) else { return }
    _ = StandardStream.output.write(
      Array("dovetail: error: standard error cannot be written: \(problem)\n".utf8))
    exit(StandardStream.cannotWrite)
  }

  /// Why the first message was lost.
  private static let lost = Mutex<String?>(nil)

  /// May a line of stderr be drawn again? Not in a file or a pipe, nor where the user asked for
  /// plain text (`NO_COLOR`, `TERM=dumb`).
  static var redraws: Bool {
    let environment = ProcessInfo.processInfo.environment
    return isatty(2) != 0 && (environment["NO_COLOR"] ?? "").isEmpty
      && environment["TERM"] != "dumb"
  }

  /// Seconds since some start.
  static func seconds() -> Double { Double(DispatchTime.now().uptimeNanoseconds) * 1e-9 }

  static func secondsSince1970() -> Double { Date().timeIntervalSince1970 }
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
    if seconds < 10 { return fixed(seconds, 1) + " s" }
    let whole = Int(seconds.rounded())
    if whole < 60 { return "\(whole) s" }
    return whole < 3600
      ? "\(whole / 60) min \(whole % 60) s" : "\(whole / 3600) h \(whole / 60 % 60) min"
  }
}
