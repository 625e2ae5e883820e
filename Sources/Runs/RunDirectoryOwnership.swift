public import Files
import Foundation

extension RunDirectory {
  /// The same directory, kept from other processes until `release()`; itself where it is already.
  /// It is made where it is missing, and goes again where nothing was written into it.
  /// - Parameters:
  ///   - stops: where another process has it: waits until that lets go of it, or this says so.
  ///   - log: told of what a process left behind, and whom it waits for.
  /// - Throws: `RunDirectoryTaken`, `FileError`; `RunInterrupted` where it was to stop.
  public func claimed(
    waitsUnless stops: (() -> Bool)? = nil, log: (String) -> Void
  ) throws -> RunDirectory {
    guard ownership == nil else { return self }
    try checkPlace()
    var hasSaid = false
    while true {
      do {
        return RunDirectory(path, try OwnedFolder(path, log: log))
      } catch let taken as OwnedFolder.Taken {
        let error = RunDirectoryTaken(path, taken)
        guard let stops else { throw error }
        if stops() { throw RunInterrupted(path: path, steps: stepsAtCheckpoint ?? 0) }
        if !hasSaid { log("\(path): \(error.problem); waits for it") }
        hasSaid = true
        Thread.sleep(forTimeInterval: 0.5)
      }
    }
  }

  public func release() { ownership?.release() }

  /// - Throws: where another process took it meanwhile.
  func requireOwnership() throws {
    guard let ownership, !ownership.isHeld else { return }
    throw RunDirectoryTaken(lost: path)
  }
}

/// A directory that another process works in.
public struct RunDirectoryTaken: AdvisedError, Sendable {
  public let path: String
  public let problem: String
  public var advice: ErrorAdvice? { .waitOrAnotherDirectory }

  init(_ path: String, _ taken: OwnedFolder.Taken) {
    self.path = path
    problem =
      "is in use by \(taken.owner.map(OwnedFolder.describe) ?? "another process")"
      + (taken.age >= 1 ? " (last sign of life \(Int(taken.age)) s ago)" : "")
  }

  /// It was ours.
  init(lost path: String) {
    self.path = path
    problem =
      "was taken over by another process, or its \(OwnedFolder.fileName) removed, while this one "
      + "was held up; nothing more is written"
  }

  public var description: String { "\(path): \(problem); \(ErrorAdvice.waitOrAnotherDirectory)" }
}

extension ErrorAdvice {
  public static let waitOrAnotherDirectory: ErrorAdvice =
    "wait until it ends, stop it, or give another directory"
}
