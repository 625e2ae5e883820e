import Components
import Files
import Foundation

/// `checkpoints/` of a run directory: one file a checkpoint, named by the steps that are done; the
/// last two are kept, so that a damaged one loses no more than the work since the one before.
struct CheckpointFolder {
  private static let kept = 2
  private static let suffix = ".safetensors"

  let path: String

  /// Names of the checkpoints, the newest first. What was being written when the process died has
  /// another suffix and is none.
  var names: [String] {
    let all = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return all.filter { $0.hasSuffix(Self.suffix) && Int($0.dropLast(Self.suffix.count)) != nil }
      .sorted(by: >)
  }

  /// The new one is whole and on the disk before an old one goes.
  func write(_ checkpoint: Checkpoint, rounds: Int) throws {
    try Folder.make(path, otherwise: .cannotWrite)
    let digits = String(rounds)
    let name = String(repeating: "0", count: max(0, 9 - digits.count)) + digits + Self.suffix
    try AtomicFile.write(try checkpoint.bytes, to: "\(path)/\(name)")
    for old in names.dropFirst(Self.kept) {
      try? FileManager.default.removeItem(atPath: "\(path)/\(old)")
    }
  }

  /// The newest whole one.
  /// - Parameters:
  ///   - limit: bytes; a larger one is damaged.
  ///   - log: told of damaged ones.
  /// - Throws: `FileError` where there are some and none is whole.
  func newest(limit: Int, log: (String) -> Void) throws -> (Checkpoint, path: String)? {
    let names = names
    var problems: [String] = []
    for name in names {
      do {
        return (try Checkpoint(path: "\(path)/\(name)", limit: limit), "\(path)/\(name)")
      } catch {
        problems.append("\(error)")
        log("\(error); the checkpoint before it is taken")
      }
    }
    guard !names.isEmpty else { return nil }
    throw FileError(
      kind: .malformed, path: path,
      problem: "none of its checkpoints is whole: \(problems.joined(separator: "; "))",
      advice: .startAgainElsewhere)
  }

  func remove() { try? FileManager.default.removeItem(atPath: path) }
}
