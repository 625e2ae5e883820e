import Foundation

/// How this program was called, for commands that are to be pasted.
enum Invocation {
  /// `dovetail`, or the path that it was started by.
  static let name: String = {
    let given = CommandLine.arguments.first ?? "dovetail"
    guard given.contains("/") else { return "dovetail" }
    // A packed build is started by a script beside its lib/.
    let suffix = "/lib/dovetail"
    if given.hasSuffix(suffix) {
      let launcher = given.dropLast(suffix.count) + "/dovetail"
      if FileManager.default.isExecutableFile(atPath: String(launcher)) {
        return Invocation.quoted(String(launcher))
      }
    }
    return Invocation.quoted(given)
  }()

  /// A word as a shell takes it.
  static func quoted(_ word: String) -> String {
    let plain = word.unicodeScalars.allSatisfy { scalar in
      scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
        || "-_./=:,+@%".unicodeScalars.contains(scalar)
    }
    return plain && !word.isEmpty ? word : "'\(word.replacingOccurrences(of: "'", with: "'\\''"))'"
  }
}
