import BackendCPU
import Components
import Datasets
import Diagnostics
import Files
import Foundation
import Recipes
import Reporting
import Runs
import Tensors
import TestSupport
import Testing
import Training

/// A run that was interrupted ends with the bits of one that was not.
@Suite struct ResumeTests {
  enum Kind: CaseIterable {
    case joint, incremental, selfSupervised, sharedHead, ownRotationHeads, oneRotation
    case adamW, keptBest, incrementalAverages

    var recipe: Recipe {
      Tiny.recipe {
        $0.steps = 5
        $0.evaluateAt = [0, 2, 3]
        $0.methods = CompatibilityMethod.paper
        switch self {
        case .joint: break
        case .incremental: $0.scheme = .incremental
        case .selfSupervised:
          $0.objective = .selfSupervised
          $0.methods = [.rotationPrediction, .jigsaw]
        case .sharedHead:
          $0.sharedHead = true
          $0.methods = []
        case .ownRotationHeads:
          $0.methods = []
          $0.ownRotationHead = true
        case .oneRotation:
          $0.methods = [.rotationPrediction]
          $0.rotations = .one
          $0.validation = 0.2
        case .adamW:
          $0.optimizer = OptimizerChoice("adamw", ["beta2": 0.98])
          $0.learningRate = 0.003
          $0.decaysNormsAndBiases = false
          $0.labelSmoothing = 0.1
          $0.augment = Augmentation([.init("crop"), .init("color", 0.3), .init("flip")])
        case .keptBest:
          $0.keep = .best
          $0.validation = 0.3
          $0.averageWeights = 0.5
          $0.augment = Augmentation([
            .init("resized-crop", 0.3), .init("flip"), .init("erase", 0.8),
          ])
        case .incrementalAverages:
          $0.scheme = .incremental
          $0.averageWeights = 0.9
        }
      }
    }

    var datasets: [Dataset] {
      self == .sharedHead ? [Tiny.two[0], Tiny.two[0]] : Tiny.two
    }
  }

  /// Runs until `stopAfter` rounds have ended; nil: to the end.
  func run(
    _ kind: Kind, _ folder: String, stopAfter: Int? = nil, every: Int = 0, threads: Int = 2,
    log: @escaping (String) -> Void = { _ in }
  ) throws -> RunResults? {
    var rounds = 0
    let control = RunControl(
      checkpointEvery: every, resumes: true,
      shouldStop: {
        rounds += 1
        return rounds == stopAfter
      }, log: log)
    do {
      return try Run.train(
        kind.recipe, datasets: kind.datasets, directory: RunDirectory(folder),
        on: CPUBackend(threads: threads), clock: TurnedClock(), control: control)
    } catch is RunInterrupted {
      return nil
    }
  }

  /// All files but the event files, whose times differ; what results say of the threads is left
  /// out.
  private func files(_ folder: String) throws -> [String: Data] {
    var files: [String: Data] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: folder)
    where !name.hasPrefix(EventFile.prefix) {
      let data = FileManager.default.contents(atPath: "\(folder)/\(name)")
      files[name] =
        name == "results.json"
        ? data.map {
          Data(
            String(decoding: $0, as: UTF8.self).replacing(/CPU: Swift, \d threads?/, with: "")
              .utf8)
        } : data
    }
    return files
  }

  func withFolders(_ count: Int, _ body: ([String]) throws -> Void) throws {
    let root = try Tiny.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: root) }
    try body((0..<count).map { "\(root)/\($0)" })
  }

  @Test(arguments: Kind.allCases) func wheneverItStops(_ kind: Kind) throws {
    let rounds = kind.recipe.scheme == .incremental ? 10 : 5
    try withFolders(rounds + 1) { folders in
      _ = try run(kind, folders[rounds])
      let expected = try files(folders[rounds])
      #expect(expected["results.json"] != nil && expected["checkpoints"] == nil)
      for stop in 1..<rounds {
        let folder = folders[stop]
        #expect(try run(kind, folder, stopAfter: stop) == nil)
        #expect(RunDirectory(folder).isInterrupted)
        // What is left of the work after the checkpoint is done again.
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: "\(folder)/metrics.jsonl"))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data("{\"half".utf8))
        try handle.close()
        // Another number of threads changes nothing.
        #expect(try run(kind, folder, threads: 1 + stop % 3) != nil)
        let found = try files(folder)
        #expect(found.keys.sorted() == expected.keys.sorted())
        for (name, data) in expected { #expect(found[name] == data, "\(name), stopped at \(stop)") }
      }
    }
  }

  @Test func stoppedAfterEveryRound() throws {
    try withFolders(2) { folders in
      _ = try run(.joint, folders[0])
      while try run(.joint, folders[1], stopAfter: 1) == nil {}
      let (expected, found) = (try files(folders[0]), try files(folders[1]))
      #expect(expected == found)
    }
  }

  @Test func theLastTwoAreKeptAndADamagedOneIsPassedOver() throws {
    try withFolders(2) { folders in
      _ = try run(.joint, folders[0])
      #expect(try run(.joint, folders[1], stopAfter: 4, every: 1) == nil)
      let checkpoints = "\(folders[1])/checkpoints"
      let names = try FileManager.default.contentsOfDirectory(atPath: checkpoints).sorted()
      #expect(names == ["000000003.safetensors", "000000004.safetensors"])
      // As a process that died while writing leaves it, and as a bad disk does.
      try Data([1, 2, 3]).write(
        to: URL(fileURLWithPath: "\(checkpoints)/000000005.safetensors.77.partial"))
      let last = URL(fileURLWithPath: "\(checkpoints)/\(names[1])")
      var bytes = try Data(contentsOf: last)
      bytes[bytes.count - 9] ^= 1
      try bytes.write(to: last)
      var said: [String] = []
      #expect(try run(.joint, folders[1], log: { said.append($0) }) != nil)
      #expect(said.count == 2 && said[0].contains(names[1]) && said[1].contains("after 3 steps"))
      #expect(try files(folders[0]) == files(folders[1]))
    }
  }

  @Test func withoutAWholeCheckpointItSaysSo() throws {
    try withFolders(1) { folders in
      #expect(try run(.joint, folders[0], stopAfter: 1) == nil)
      let name = "\(folders[0])/checkpoints/000000001.safetensors"
      try Data("no".utf8).write(to: URL(fileURLWithPath: name))
      let error = #expect(throws: FileError.self) { try run(.joint, folders[0]) }
      #expect(error?.kind == .malformed && error?.advice == .startAgainElsewhere)
    }
  }

  @Test func anotherRecipeIsRefusedWithTheDifference() throws {
    try withFolders(1) { folders in
      #expect(try run(.joint, folders[0], stopAfter: 2) == nil)
      var recipe = Kind.joint.recipe
      recipe.learningRate = 0.2
      let directory = RunDirectory(folders[0])
      let error = #expect(throws: FileError.self) {
        try directory.check(for: recipe, resumes: true)
      }
      for fragment in ["learning-rate: 0.1", "learning-rate: 0.2"] {
        #expect(error?.problem.contains(fragment) == true, "\(String(describing: error))")
      }
      let asked = #expect(throws: FileError.self) {
        try directory.check(for: Kind.joint.recipe)
      }
      #expect(asked?.advice == .resumeOrAnotherDirectory)
      try directory.check(for: Kind.joint.recipe, resumes: true)
    }
  }

  /// A weight that is no number never gets into a checkpoint, and the last good one is named.
  @Test func divergenceNamesTheLastGoodCheckpoint() throws {
    try withFolders(1) { folders in
      var recipe = Kind.joint.recipe
      recipe.steps = 30
      recipe.learningRate = 1000
      recipe.warmup = 0.5
      let error = #expect(throws: DivergenceError.self) {
        _ = try Run.train(
          recipe, datasets: Tiny.two, directory: RunDirectory(folders[0]),
          on: CPUBackend(threads: 2), clock: TurnedClock(), control: RunControl(checkpointEvery: 1))
      }
      #expect(error?.description.contains("not finite") == true)
      if let path = error?.checkpoint {
        #expect(error?.description.contains(path) == true)
        let file = try SafetensorsFile(
          bytes: [UInt8](Data(contentsOf: URL(fileURLWithPath: path))))
        #expect(file.tensors.values.allSatisfy { $0.values.allSatisfy(\.isFinite) })
      }
    }
  }

  /// Step and layer are told without looking; the op by looking from the last good checkpoint on.
  @Test func divergenceIsTracedToItsOp() throws {
    try withFolders(1) { folders in
      var recipe = Kind.joint.recipe
      recipe.steps = 30
      recipe.evaluateAt = []
      recipe.learningRate = 1e12
      recipe.warmup = 0.9
      func train(_ control: RunControl, on backend: any Backend) -> DivergenceError? {
        #expect(throws: DivergenceError.self) {
          _ = try Run.train(
            recipe, datasets: Tiny.two, directory: RunDirectory(folders[0]), on: backend,
            clock: TurnedClock(), control: control)
        }
      }
      let first = train(RunControl(checkpointEvery: 1), on: CPUBackend(threads: 2))
      #expect(
        first?.description.contains("the gradients of") == true, "\(String(describing: first))")
      #expect(first?.advice == .lowerRateOrTrace && first?.checkpoint != nil)
      let traced = train(
        RunControl(checkpointEvery: 1, resumes: true), on: AnomalyDetector(CPUBackend(threads: 2)))
      // The very step, by the same bits; and an op of the contract.
      #expect(traced?.step == first?.step)
      let op = OpName.allCases.first { traced?.description.hasPrefix($0.rawValue) == true }
      #expect(op != nil, "\(String(describing: traced))")
    }
  }

  @Test func aCheckpointThatIsALinkOrTooLargeIsNotRead() throws {
    try withFolders(1) { folders in
      #expect(try run(.joint, folders[0], stopAfter: 2) == nil)
      let path = "\(folders[0])/checkpoints/000000002.safetensors"
      let aside = "\(folders[0])/aside"
      try FileManager.default.moveItem(atPath: path, toPath: aside)
      try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: aside)
      let link = #expect(throws: FileError.self) { try run(.joint, folders[0]) }
      #expect(link?.problem.contains("is a symbolic link") == true)
      try FileManager.default.removeItem(atPath: path)
      // A hole of a terabyte takes no place.
      _ = FileManager.default.createFile(atPath: path, contents: nil)
      let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
      try handle.truncate(atOffset: 1 << 40)
      try handle.close()
      let large = #expect(throws: FileError.self) { try run(.joint, folders[0]) }
      #expect(large?.problem.contains("got \(1 << 40)") == true)
    }
  }

  @Test func whatWasBeingWrittenIsClearedAway() throws {
    try withFolders(2) { folders in
      #expect(try run(.joint, folders[0]) != nil)
      #expect(try run(.joint, folders[1], stopAfter: 2) == nil)
      for name in [
        "results.json", "components/a.head.safetensors", "checkpoints/000000003.safetensors",
      ] {
        try Data("half".utf8).write(
          to: URL(fileURLWithPath: "\(folders[1])/\(name).99.partial"))
      }
      #expect(try run(.joint, folders[1]) != nil)
      #expect(try files(folders[0]) == files(folders[1]))
    }
  }

  /// Killed after its results were written and before its checkpoints were gone.
  @Test func aFinishedRunIsTidiedUp() throws {
    try withFolders(2) { folders in
      for folder in folders { #expect(try run(.joint, folder) != nil) }
      let checkpoints = "\(folders[1])/checkpoints"
      try FileManager.default.createDirectory(
        atPath: checkpoints, withIntermediateDirectories: true)
      for path in ["\(checkpoints)/000000003.safetensors", "\(folders[1])/results.json.99.partial"]
      {
        try Data("left".utf8).write(to: URL(fileURLWithPath: path))
      }
      RunDirectory(folders[1]).clearAway()
      #expect(try files(folders[0]) == files(folders[1]))
    }
  }

  @Test func metricsThatWereCutAreSaid() throws {
    try withFolders(1) { folders in
      #expect(try run(.joint, folders[0], stopAfter: 2) == nil)
      let path = "\(folders[0])/metrics.jsonl"
      let data = try Data(contentsOf: URL(fileURLWithPath: path))
      try #require(!data.isEmpty)
      try data.dropLast().write(to: URL(fileURLWithPath: path))
      let error = #expect(throws: FileError.self) { try run(.joint, folders[0]) }
      #expect(
        error?.problem.contains("metrics.jsonl: expected at least the \(data.count) bytes") == true)
    }
  }
}
