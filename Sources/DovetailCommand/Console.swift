import Dispatch
import Foundation
import Synchronization

/// stdout carries data, stderr everything else.
enum Console {
  /// A line of its own; the line that is redrawn, if there is one, stays below it.
  static func log(_ line: String) {
    shown.withLock { shown in
      let text = foldsErrors ? TerminalText.wrapped(line, to: errorColumns) : line
      guard let open = shown else { return draw("\(text)\n") }
      draw("\r\u{1B}[K\(text)\n\(open)")
    }
  }

  // MARK: The line that is redrawn

  /// Draws the last line of stderr again, cut so that the terminal does not wrap it. To be called
  /// where `redraws`.
  static func show(_ line: String) {
    shown.withLock { shown in
      let text = TerminalText.cut(line, to: max(errorColumns - 1, 1))
      draw("\r\u{1B}[K\(text)")
      shown = text
    }
  }

  /// The line that was redrawn stays as it is, or goes.
  static func endLine(keeps: Bool) {
    shown.withLock { shown in
      guard shown != nil else { return }
      draw(keeps ? "\n" : "\r\u{1B}[K")
      shown = nil
    }
  }

  private static let shown = Mutex<String?>(nil)

  /// Of the terminal that stderr is; else what everybody has.
  static var errorColumns: Int { StandardStream.error.columns ?? 80 }

  /// Columns that text may take: the terminal's, else what everybody has.
  static var columns: Int { StandardStream.output.columns ?? 80 }

  /// Columns that tables may take: the terminal's; nil where there is none, as who reads lines wants
  /// rows whole.
  static var tableColumns: Int? { StandardStream.output.columns }

  private static var foldsErrors: Bool { isatty(2) != 0 }

  // MARK: Writing

  /// To stderr, as it is. Where that cannot be written the work goes on: `finish` says so.
  private static func draw(_ text: String) {
    let problem = StandardStream.error.write(Array(text.utf8))
    if let problem { lost.withLock { $0 = $0 ?? problem } }
  }

  /// Lines; on a terminal long ones are broken between words.
  static func print(_ text: String) {
    let text = isatty(1) != 0 ? TerminalText.wrapped(text, to: columns) : text
    write(Array("\(text)\n".utf8))
  }

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
