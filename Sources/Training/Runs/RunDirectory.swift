import Components
import Datasets
import Foundation
import Reporting
import Tensors

/// Where a run leaves its files: `recipe.yaml`, `metrics.jsonl`, `results.json`,
/// `events.out.tfevents.*`, `components/`.
public struct RunDirectory: Sendable {
  public let path: String

  public init(_ path: String) { self.path = path }

  public func extractor(_ task: String) -> String {
    "\(path)/components/\(task).extractor.safetensors"
  }
  public func head(_ task: String) -> String { "\(path)/components/\(task).head.safetensors" }
  public func auxiliary(_ name: String) -> String {
    "\(path)/components/auxiliary/\(name).safetensors"
  }
  var recipePath: String { "\(path)/recipe.yaml" }
  private var metricsPath: String { "\(path)/metrics.jsonl" }
  var checkpoints: CheckpointFolder { CheckpointFolder(path: "\(path)/checkpoints") }

  /// Whether a run in it was interrupted, and can go on.
  public var isInterrupted: Bool {
    !FileManager.default.fileExists(atPath: resultsPath) && !checkpoints.names.isEmpty
  }
  /// Where an interrupted run would go on: rounds done, of all tasks that are trained one after
  /// the other.
  public var stepsAtCheckpoint: Int? {
    isFinished ? nil : checkpoints.names.first.flatMap { Int($0.prefix { $0.isNumber }) }
  }
  public var isFinished: Bool { FileManager.default.fileExists(atPath: resultsPath) }
  public var resultsPath: String { "\(path)/results.json" }

  // MARK: Writing

  /// Finds out before the training whether the directory can be used, and leaves nothing behind:
  /// it must be absent (in a folder that can be written to), empty, or hold a run of this recipe.
  /// - Parameter resumes: an interrupted run goes on only where that is asked for.
  public func check(for recipe: Recipe, resumes: Bool = false) throws {
    let files = FileManager.default
    var isFolder: ObjCBool = false
    if files.fileExists(atPath: path, isDirectory: &isFolder) {
      guard isFolder.boolValue else { throw error(.cannotCreate, "is a file, not a directory") }
      guard files.isWritableFile(atPath: path) else {
        throw error(.cannotCreate, "cannot be written to; check its permissions")
      }
      let content = (try? files.contentsOfDirectory(atPath: path)) ?? []
      guard !content.isEmpty else { return }
      guard let data = files.contents(atPath: recipePath) else {
        throw error(.cannotCreate, "is not empty and holds no run; give another --output")
      }
      try requireSameRecipe(String(decoding: data, as: UTF8.self), recipe)
      if isInterrupted && !resumes {
        throw error(
          .cannotCreate,
          "holds an interrupted run of this recipe; --resume goes on with it, or give another "
            + "--output")
      }
      return
    }
    // The nearest folder that exists has to let us make the others.
    var parent = URL(fileURLWithPath: path).standardizedFileURL.deletingLastPathComponent()
    while !files.fileExists(atPath: parent.path, isDirectory: &isFolder), parent.path != "/" {
      parent.deleteLastPathComponent()
    }
    _ = files.fileExists(atPath: parent.path, isDirectory: &isFolder)
    guard isFolder.boolValue, files.isWritableFile(atPath: parent.path) else {
      throw error(.cannotCreate, "cannot be created: \(parent.path) is no folder we may write to")
    }
  }

  /// - Throws: the first key that differs, with both values.
  func requireSameRecipe(_ held: String, _ recipe: Recipe) throws {
    guard held != recipe.yaml else { return }
    func lines(_ text: String) -> [String] { text.split(separator: "\n").map(String.init) }
    let (theirs, ours) = (lines(held), lines(recipe.yaml))
    let old = theirs.first { !ours.contains($0) }
    let new = ours.first { !theirs.contains($0) }
    let difference = [
      old.map { "its recipe.yaml says “\($0.trimmingCharacters(in: .whitespaces))”" },
      new.map { "the recipe given “\($0.trimmingCharacters(in: .whitespaces))”" },
    ].compactMap { $0 }.joined(separator: ", ")
    throw error(
      .cannotCreate, "holds a run of another recipe (\(difference)); give another --output")
  }

  /// Puts `metrics.jsonl` on the disk as it is: a checkpoint relies on it.
  /// - Returns: its length.
  func syncMetrics() throws -> Int {
    do {
      let handle = try FileHandle(forUpdating: URL(fileURLWithPath: metricsPath))
      defer { try? handle.close() }
      try handle.synchronize()
      return Int(try handle.seekToEnd())
    } catch {
      throw self.error(
        .cannotWrite, "metrics.jsonl: cannot be written: \(error.localizedDescription)")
    }
  }

  /// As it was at the checkpoint: what was measured after it will be measured again, and files that
  /// were being written when the process died are none.
  func goOn(metricsBytes: Int) throws {
    clearAwayHalfWritten()
    do {
      let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: metricsPath))
      defer { try? handle.close() }
      let length = try handle.seekToEnd()
      guard length >= UInt64(metricsBytes) else {
        throw self.error(
          .malformed,
          "metrics.jsonl: expected at least the \(metricsBytes) bytes that it had at the checkpoint, "
            + "got \(length); put it back, or start the run again in another directory")
      }
      if length > UInt64(metricsBytes) { try handle.truncate(atOffset: UInt64(metricsBytes)) }
    } catch let error as RunDirectoryError {
      throw error
    } catch {
      throw self.error(
        .cannotWrite, "metrics.jsonl: cannot be written: \(error.localizedDescription)")
    }
  }

  /// Of a finished run: what is left where the process died between the results and its own
  /// tidying.
  public func clearAway() {
    guard isFinished else { return }
    checkpoints.remove()
    clearAwayHalfWritten()
  }

  private func clearAwayHalfWritten() {
    let names = (try? FileManager.default.subpathsOfDirectory(atPath: path)) ?? []
    for name in names where name.hasSuffix(AtomicFile.suffix) {
      try? FileManager.default.removeItem(atPath: "\(path)/\(name)")
    }
  }

  /// Makes the directory and writes the effective recipe.
  func begin(_ recipe: Recipe) throws {
    do {
      try FileManager.default.createDirectory(
        atPath: "\(path)/components", withIntermediateDirectories: true)
      // What an earlier run of this recipe left would pass for this one's.
      for name in try FileManager.default.contentsOfDirectory(atPath: path)
      where name == "results.json" || name == "checkpoints" || name.hasPrefix(EventFile.prefix) {
        try FileManager.default.removeItem(atPath: "\(path)/\(name)")
      }
    } catch {
      throw self.error(.cannotCreate, "cannot be created: \(error.localizedDescription)")
    }
    clearAwayHalfWritten()
    try AtomicFile.write(Array(recipe.yaml.utf8), to: recipePath)
    try AtomicFile.write([], to: metricsPath)
  }

  /// - Parameters:
  ///   - startTime: now, in seconds since 1970; nil for no event file.
  ///   - resumedAt: the steps after which the run goes on.
  func metrics(startTime: Double?, resumedAt: Int? = nil) throws -> RunMetrics {
    do {
      let events = try startTime.map {
        try EventFile(directory: path, startTime: $0, resumedAt: resumedAt)
      }
      return RunMetrics(path: metricsPath, events: events, startTime: startTime ?? 0)
    } catch let error as EventFileError {
      throw RunDirectoryError(error)
    }
  }

  /// Components first, results last: a directory with results is whole.
  func finish(_ trainer: Trainer, _ results: RunResults, on backend: any Backend) throws {
    for network in trainer.networks {
      try ComponentFile.save(network.extractor, to: extractor(network.name), on: backend)
      if trainer.recipe.objective == .target {
        try ComponentFile.save(network.head, to: head(network.name), on: backend)
      }
    }
    var auxiliaries = trainer.networks.compactMap { network in
      network.ownRotationHead.map { ("\(network.name).rotation", $0) }
    }
    auxiliaries += trainer.auxiliaryHeads.map { ($0.kind.rawValue, $0) }
    if !auxiliaries.isEmpty {
      do {
        try FileManager.default.createDirectory(
          atPath: "\(path)/components/auxiliary", withIntermediateDirectories: true)
      } catch {
        throw self.error(.cannotWrite, "components/auxiliary: \(error.localizedDescription)")
      }
    }
    for (name, head) in auxiliaries {
      try ComponentFile.save(head, to: auxiliary(name), on: backend)
    }
    try AtomicFile.write(try results.json, to: resultsPath)
  }

  func error(_ kind: RunDirectoryError.Kind, _ problem: String) -> RunDirectoryError {
    RunDirectoryError(kind: kind, path: path, problem: problem)
  }
}

extension RunResults {
  /// Pretty, keys sorted, with a final newline.
  public var json: [UInt8] {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      return Array(try encoder.encode(self) + Data("\n".utf8))
    }
  }
}
