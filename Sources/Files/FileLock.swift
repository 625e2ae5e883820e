import Foundation
import SystemPackage

/// Keeps other processes from the same work: one that was left over from a killed command, for
/// example. The system lets go of it when the process ends, however that happens.
package enum FileLock {
  /// Waits until nobody else has it, and has it while `body` runs.
  /// - Parameter path: of a file that is made where it is missing, with its folder.
  package static func whileHolding<Result>(
    _ path: String, _ body: () throws -> Result
  ) throws -> Result {
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
    try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    func failure(_ error: Errno) -> FileError {
      FileError(kind: .cannotCreate, path: path, problem: "cannot be locked: \(error)")
    }
    let file: FileDescriptor
    do {
      file = try SystemCalls.typed {
        try FileDescriptor.open(
          path, .readWrite, options: [.create, .closeOnExec, .noFollow],
          permissions: [.ownerReadWrite, .groupRead, .otherRead])
      }
    } catch {
      throw failure(error)
    }
    defer { try? file.close() }
    do { try SystemCalls.lock(file) } catch { throw failure(error) }
    return try body()
  }
}
