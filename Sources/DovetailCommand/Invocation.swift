import Foundation

/// How this program was called, for commands that are to be pasted.
enum Invocation {
  /// `dovetail`, or the path that it was started by.
  static let name: String = {
    let given = CommandLine.arguments.first ?? "dovetail"
    return given.contains("/") ? Invocation.quoted(started(by: given)) : "dovetail"
  }()

  /// The file that starts this program from any folder.
  static let path: String = {
    let given = CommandLine.arguments.first ?? ""
    let found = given.contains("/") ? given : Bundle.main.executablePath ?? given
    return URL(fileURLWithPath: started(by: found)).standardizedFileURL.path
  }()

  /// A packed build is started by a script beside its lib/.
  private static func started(by path: String) -> String {
    let suffix = "/lib/dovetail"
    guard path.hasSuffix(suffix) else { return path }
    let launcher = path.dropLast(suffix.count) + "/dovetail"
    return FileManager.default.isExecutableFile(atPath: String(launcher)) ? String(launcher) : path
  }

  /// A word as a shell takes it.
  static func quoted(_ word: String) -> String {
    let plain = word.unicodeScalars.allSatisfy { scalar in
      scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
        || "-_./=:,+@%".unicodeScalars.contains(scalar)
    }
    return plain && !word.isEmpty ? word : "'\(word.replacingOccurrences(of: "'", with: "'\\''"))'"
  }
}
