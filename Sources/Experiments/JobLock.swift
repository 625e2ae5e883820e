import Foundation
import Training

/// Keeps other processes from the same training: one that was left over from a killed command, for
/// example. The system lets go of it when the process ends, however that happens.
enum JobLock {
  /// Waits until nobody else has it, and has it while `body` runs.
  /// - Parameter path: of a file beside the run's directory.
  static func whileHolding<Result>(_ path: String, _ body: () throws -> Result) throws -> Result {
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
    try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
    guard descriptor >= 0, flock(descriptor, LOCK_EX) == 0 else {
      throw RunDirectoryError(
        kind: .cannotCreate, path: path,
        problem: "cannot be locked: \(String(cString: strerror(errno)))")
    }
    defer { close(descriptor) }
    return try body()
  }
}
