public import Components
import Datasets
public import Files
import Foundation
public import Recipes
import Reporting
public import Tensors
import Training

/// Where a run leaves its files: `recipe.yaml`, `metrics.jsonl`, `results.json`,
/// `events.out.tfevents.*`, `components/`.
public struct RunDirectory: Sendable {
  public let path: String
  /// What keeps other processes from it, once it is claimed.
  let ownership: OwnedFolder?

  public init(_ path: String) { self.init(path, nil) }

  init(_ path: String, _ ownership: OwnedFolder?) {
    self.path = path
    self.ownership = ownership
  }

  private var layout: RunLayout { RunLayout(path) }
  public func extractor(_ task: String) -> String { layout.extractor(task) }
  public func head(_ task: String) -> String { layout.head(task) }
  public func auxiliary(_ name: String) -> String { layout.auxiliary(name) }
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
  /// - Parameters:
  ///   - recipe: what is to be trained there.
  ///   - resumes: an interrupted run goes on only where that is asked for.
  ///   - overwrites: whether a run that is there, of whatever recipe, may be lost.
  public func check(
    for recipe: Recipe, resumes: Bool = false, overwrites: Bool = false
  ) throws {
    try checkPlace()
    guard !overwrites, let data = FileManager.default.contents(atPath: recipePath) else { return }
    try requireSameRecipe(String(decoding: data, as: UTF8.self), recipe)
    if !resumes { try requireUnfinished() }
    if isInterrupted && !resumes {
      throw error(
        .cannotCreate, "holds an interrupted run of this recipe", .resumeOrAnotherDirectory)
    }
  }

  /// - Throws: what a finished run in it has come to.
  func requireUnfinished() throws {
    guard isFinished else { return }
    var facts: [String] = []
    if let results = try? read().results {
      facts.append("\(results.steps) steps")
      if let accuracy = results.recombinationAccuracy {
        facts.append("recombined \((accuracy * 1000).rounded() / 10) %")
      }
    }
    let attributes = try? FileManager.default.attributesOfItem(atPath: resultsPath)
    if let date = attributes?[.modificationDate] as? Date {
      facts.append("of " + ISO8601DateFormatter().string(from: date))
    }
    throw error(
      .cannotCreate,
      "holds a finished run" + (facts.isEmpty ? "" : " (\(facts.joined(separator: ", ")))"),
      .overwriteOrAnotherDirectory)
  }

  /// The same without a recipe: is it a place for a run?
  func checkPlace() throws {
    let files = FileManager.default
    var isFolder: ObjCBool = false
    if files.fileExists(atPath: path, isDirectory: &isFolder) {
      guard isFolder.boolValue else { throw error(.cannotCreate, "is a file, not a directory") }
      guard files.isWritableFile(atPath: path) else {
        throw error(.cannotCreate, "cannot be written to; check its permissions")
      }
      let content = ((try? files.contentsOfDirectory(atPath: path)) ?? [])
        .filter { !OwnedFolder.isOwn($0) && !$0.hasSuffix(AtomicFile.suffix) }
      guard content.isEmpty || files.fileExists(atPath: recipePath) else {
        throw error(.cannotCreate, "is not empty and holds no run", .anotherDirectory)
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

  /// - Throws: the first key that differs, with both values; those that change no bit may.
  func requireSameRecipe(_ held: String, _ recipe: Recipe) throws {
    func lines(_ text: String) -> [String] {
      text.split(separator: "\n").map(String.init).filter { line in
        !line.hasPrefix("#")
          && !Recipe.keysThatChangeNoBit.contains { line.hasPrefix("\($0): ") }
      }
    }
    let (theirs, ours) = (lines(held), lines(recipe.yaml))
    guard theirs != ours else { return }
    let old = theirs.first { !ours.contains($0) }
    let new = ours.first { !theirs.contains($0) }
    let difference = [
      old.map { "its recipe.yaml says “\($0.trimmingCharacters(in: .whitespaces))”" },
      new.map { "the recipe given “\($0.trimmingCharacters(in: .whitespaces))”" },
    ].compactMap { $0 }.joined(separator: ", ")
    throw error(
      .cannotCreate, "holds a run of another recipe (\(difference))", .anotherDirectory)
  }

  /// A run whose first steps were rounded in another way would be neither of both.
  func requireSamePrecision(_ held: String?, _ backend: any Backend) throws {
    guard held != backend.statedPrecision else { return }
    func word(_ precision: String?) -> String {
      precision ?? ProductPrecision.float32.rawValue
    }
    throw error(
      .cannotCreate,
      "holds an interrupted run in \(word(held)), this one is in \(word(backend.statedPrecision))",
      .samePrecisionOrAnotherDirectory)
  }

  /// Puts `metrics.jsonl` on the disk as it is: a checkpoint relies on it.
  /// - Returns: its length.
  func syncMetrics() throws(FileError) -> Int {
    try GrowingFile(metricsPath).sync()
  }

  /// As it was at the checkpoint: what was measured after it will be measured again, and files that
  /// were being written when the process died are none.
  func resume(metricsBytes: Int) throws(FileError) {
    clearAwayHalfWritten()
    let metrics = try GrowingFile(metricsPath)
    let length = try metrics.length()
    guard length >= metricsBytes else {
      throw error(
        .malformed,
        "metrics.jsonl: expected at least the \(metricsBytes) bytes that it had at the checkpoint, "
          + "got \(length); put it back, or start the run again in another directory")
    }
    if length > metricsBytes { try metrics.cut(to: metricsBytes) }
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
    try Folder.make(path)
    do {
      // What an earlier run left would pass for this one's.
      for name in try FileManager.default.contentsOfDirectory(atPath: path)
      where ["results.json", "checkpoints", "components"].contains(name)
        || name.hasPrefix(EventFile.prefix)
      {
        try FileManager.default.removeItem(atPath: "\(path)/\(name)")
      }
    } catch {
      throw self.error(.cannotCreate, "cannot be created: \(error.localizedDescription)")
    }
    clearAwayHalfWritten()
    // First: with it the directory is a run's, whatever becomes of the process.
    try AtomicFile.write(Array((try placeMark(recipe) + recipe.yaml).utf8), to: recipePath)
    try Folder.make("\(path)/components")
    try AtomicFile.write([], to: metricsPath)
  }

  /// - Parameters:
  ///   - startTime: now, in seconds since 1970; nil for no event file.
  ///   - resumedAt: the steps after which the run goes on; what was measured at the last of them
  ///     stays.
  func metrics(startTime: Double?, resumedAt: Int? = nil) throws -> RunMetrics {
    let events = try startTime.map {
      try EventFile(directory: path, startTime: $0, resumedAt: resumedAt.map { $0 + 1 })
    }
    return RunMetrics(path: metricsPath, events: events, startTime: startTime ?? 0)
  }

  /// Components first, results last: a directory with results is whole.
  func finish(_ trainer: Trainer, _ results: RunResults, on backend: any Backend) throws {
    for network in trainer.networks {
      try ComponentFile.save(network.extractor, to: extractor(network.name), on: backend)
      if trainer.settings.objective.trainsHeads {
        try ComponentFile.save(network.head, to: head(network.name), on: backend)
      }
    }
    var auxiliaries = trainer.networks.compactMap { network in
      network.ownRotationHead.map { ("\(network.name).rotation", $0) }
    }
    auxiliaries += trainer.auxiliaryHeads.map { ($0.kind.rawValue, $0) }
    if !auxiliaries.isEmpty {
      try Folder.make("\(path)/components/auxiliary", otherwise: .cannotWrite)
    }
    for (name, head) in auxiliaries {
      try ComponentFile.save(head, to: auxiliary(name), on: backend)
    }
    try AtomicFile.write(try results.json, to: resultsPath)
  }

  // MARK: Components without a training

  /// Whether components that no training made can be written here: it must be absent (in a folder
  /// that can be written to) or empty.
  public func checkForComponents() throws {
    for name in ["recipe.yaml", "components"]
    where FileManager.default.fileExists(atPath: "\(path)/\(name)") {
      throw error(.cannotCreate, "holds \(name) of a run", .anotherDirectory)
    }
    try checkPlace()
  }

  /// An extractor and a head, in the places of a run's.
  public func writeComponents(
    _ network: Recombination, of task: String, on backend: any Backend
  ) throws {
    try Folder.make(path)
    try Folder.make("\(path)/components")
    try ComponentFile.save(network.extractor, to: extractor(task), on: backend)
    try ComponentFile.save(network.head, to: head(task), on: backend)
  }

  func error(
    _ kind: FileError.Kind, _ problem: String, _ advice: ErrorAdvice? = nil
  ) -> FileError {
    FileError(kind: kind, path: path, problem: problem, advice: advice)
  }
}

extension RunResults {
  /// Pretty, keys sorted, with a final newline.
  public var json: [UInt8] {
    get throws {
      try CanonicalJSON.file(self)
    }
  }
}

/// About the directories of runs.
extension ErrorAdvice {
  public static let anotherDirectory: ErrorAdvice = "give another directory"
  public static let resumeOrAnotherDirectory: ErrorAdvice = "resume it, or give another directory"
  public static let samePrecisionOrAnotherDirectory: ErrorAdvice =
    "go on in its precision, or give another directory"
  public static let overwriteOrAnotherDirectory: ErrorAdvice =
    "allow it to be overwritten, or give another directory"
  public static let startAgainElsewhere: ErrorAdvice = "start the run again in another directory"
  public static let finishedRun: ErrorAdvice = "give the directory of a finished run"
}
