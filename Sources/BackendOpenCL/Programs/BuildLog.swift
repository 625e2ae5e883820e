import Files
import Foundation

/// Keeps what was built, in the order in which it was: `0001-fill.cl`, `0001-fill.log` and
/// `programs.json`, which names kernel, options, seconds and files.
final class BuildLog {
  private struct Entry: Encodable {
    let id: Int
    let kernel: String
    let options: [String]
    let seconds: Double
    /// Whether the binary came from `BinaryStore`.
    let fromCache: Bool
    let source: String
    let log: String
  }

  private let folder: String
  private var entries: [Entry] = []

  /// - Throws: where the folder cannot be made.
  init(folder: String) throws {
    self.folder = folder
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  func add(_ text: ProgramText, log: String, seconds: Double, fromCache: Bool) throws {
    let id = entries.count + 1
    let name = numbered(id, text.kernel)
    try text.source.write(toFile: "\(folder)/\(name).cl", atomically: false, encoding: .utf8)
    try log.write(toFile: "\(folder)/\(name).log", atomically: false, encoding: .utf8)
    entries.append(
      Entry(
        id: id, kernel: text.kernel, options: text.options, seconds: seconds,
        fromCache: fromCache, source: "\(name).cl", log: "\(name).log"))
    // Anew each time: a compiler may end the process.
    try AtomicFile.write(
      try CanonicalJSON.file(entries), to: "\(folder)/programs.json", synced: false)
  }
}

/// `0012-fill`.
func numbered(_ id: Int, _ name: String) -> String {
  String(repeating: "0", count: max(0, 4 - "\(id)".count)) + "\(id)-\(name)"
}
