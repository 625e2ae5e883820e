import Dispatch
import Foundation

/// stdout carries data, stderr everything else.
enum Console {
  static func log(_ line: String) {
    FileHandle.standardError.write(Data("\(line)\n".utf8))
  }

  static func print(_ text: String) {
    FileHandle.standardOutput.write(Data("\(text)\n".utf8))
  }

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
