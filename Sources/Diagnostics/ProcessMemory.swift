import Foundation

/// Memory of this process, as the system counts it.
public enum ProcessMemory {
  /// Resident memory at its most so far, in bytes; nil where the system does not tell (it is not
  /// Linux).
  public static func peakBytes() -> Int? {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else {
      return nil
    }
    return peakBytes(inStatus: status)
  }

  /// `VmHWM:    123456 kB`.
  package static func peakBytes(inStatus status: String) -> Int? {
    for line in status.split(separator: "\n") where line.hasPrefix("VmHWM:") {
      let words = line.split(whereSeparator: \.isWhitespace)
      guard words.count == 3, words[2] == "kB", let kilobytes = Int(words[1]) else { return nil }
      return kilobytes * 1024
    }
    return nil
  }
}
