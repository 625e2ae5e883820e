import Autograd
import BackendCPU
import Components
import Datasets
import Files
import Foundation
import Networks
import Recipes
import Reporting
import Runs
import Tensors
import TestSupport
import Testing
import Training

@Suite struct RunDirectoryTests {
  let backend = CPUBackend(threads: 2)
  let folder: String
  static let recipe = Tiny.recipe { $0.methods = CompatibilityMethod.paper }

  init() throws { folder = try Tiny.temporaryFolder() }

  var directory: RunDirectory { RunDirectory("\(folder)/new/run") }

  @discardableResult
  func train(
    _ recipe: Recipe = recipe, to directory: RunDirectory, startTime: Double? = nil,
    overwrites: Bool = false
  ) throws -> RunResults {
    try Run.train(
      recipe, datasets: Tiny.two, directory: directory, on: backend, clock: TurnedClock(),
      startTime: startTime, control: RunControl(overwrites: overwrites))
  }

  func evaluate(
    _ directory: RunDirectory, _ datasets: [Dataset] = Tiny.two, threads: Int = 2
  ) throws -> RunResults {
    try Run.evaluate(directory, on: CPUBackend(threads: threads), datasets: { _ in datasets })
  }

  func files(_ directory: RunDirectory) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: directory.path)
      .filter { $0.contains(".") }.sorted()
  }

  func refusal(_ kind: FileError.Kind, _ problem: String, _ body: () throws -> Void) {
    let error = #expect(throws: FileError.self) { try body() }
    #expect(error?.kind == kind)
    #expect(error?.problem.contains(problem) == true, "\(error!)")
  }

  @Test func theComponentsOfARunGiveItsFiguresAgain() throws {
    let results = try train(to: directory)
    #expect(try evaluate(directory).json == results.json)
    #expect(
      try Array(Data(contentsOf: URL(fileURLWithPath: directory.resultsPath))) == results.json)
    let oneThread = try evaluate(directory, threads: 1)
    #expect(oneThread.recombinations.map(\.accuracy) == results.recombinations.map(\.accuracy))
    #expect(oneThread.tasks.map(\.ownAccuracy) == results.tasks.map(\.ownAccuracy))
  }

  @Test func heldOutImagesAreFoundAgain() throws {
    var recipe = Self.recipe
    recipe.validation = 0.3
    let results = try train(recipe, to: directory)
    #expect(try evaluate(directory).json == results.json)
  }

  @Test func aRunLeavesTheseFilesAndNoOthers() throws {
    try train(to: directory)
    #expect(
      try files(directory) == [
        "components/a.extractor.safetensors", "components/a.head.safetensors",
        "components/auxiliary/common-classes.safetensors",
        "components/auxiliary/rotation.safetensors", "components/b.extractor.safetensors",
        "components/b.head.safetensors", "metrics.jsonl", "recipe.yaml", "results.json",
      ])
    let own = RunDirectory("\(folder)/own")
    try train(Tiny.recipe { $0.ownRotationHead = true }, to: own)
    #expect(
      try files(own).filter { $0.contains("auxiliary") } == [
        "components/auxiliary/a.rotation.safetensors",
        "components/auxiliary/b.rotation.safetensors",
      ])
    let head = try ComponentFile.loadAuxiliaryHead(
      "\(own.path)/components/auxiliary/a.rotation.safetensors", on: backend)
    #expect(head.kind == .rotation && head.head.classNames.count == 4)
  }

  @Test func equalRunsGiveEqualFiles() throws {
    let other = RunDirectory("\(folder)/other")
    try train(to: directory)
    try train(to: other)
    for file in try files(directory) {
      let one = try Data(contentsOf: URL(fileURLWithPath: "\(directory.path)/\(file)"))
      let two = try Data(contentsOf: URL(fileURLWithPath: "\(other.path)/\(file)"))
      #expect(one == two, "\(file)")
    }
  }

  @Test func metricsHoldOneObjectALine() throws {
    try train(to: directory)
    let text = try String(contentsOfFile: "\(directory.path)/metrics.jsonl", encoding: .utf8)
    let lines = text.split(separator: "\n")
    #expect(lines.count == 1)
    let line = try #require(
      try JSONSerialization.jsonObject(with: Data(lines[0].utf8)) as? [String: Any])
    #expect(line["minibatch"] as? Int == 6 && line["step"] as? Int == 3)
    #expect((line["losses"] as? [[String: Any]])?.map { $0["task"] as? String } == ["a", "b"])
  }

  /// Its bytes are those of the lines of metrics.jsonl (whose events ReportingTests and
  /// Tools/check-tensorboard.py look into), and a second run's take their place.
  @Test func theEventFileHasTheMetricsOfTheLastRun() throws {
    var recipe = Self.recipe
    recipe.evaluateEvery = 1
    try train(recipe, to: directory, startTime: 100)
    try train(recipe, to: directory, startTime: 200.5, overwrites: true)
    let names = try files(directory).filter { $0.hasPrefix(EventFile.prefix) }
    #expect(names == ["\(EventFile.prefix)200.\(EventFile.hostName)"])
    let expected = try EventFile(directory: folder, startTime: 200.5)
    let metrics = try String(contentsOfFile: "\(directory.path)/metrics.jsonl", encoding: .utf8)
    #expect(metrics.contains("recombinationAccuracy") && metrics.contains("losses"))
    for line in metrics.split(separator: "\n") {
      try expected.add(MetricsLine(json: Data(line.utf8)), wallTime: 200.5)
    }
    #expect(
      try Data(contentsOf: URL(fileURLWithPath: "\(directory.path)/\(names[0])"))
        == Data(contentsOf: URL(fileURLWithPath: expected.path)))
  }

  @Test func theEffectiveRecipeStandsInTheDirectory() throws {
    try train(to: directory)
    let yaml = try String(contentsOfFile: "\(directory.path)/recipe.yaml", encoding: .utf8)
    #expect(try Recipe.parse(yaml: yaml, folder: "/") == Self.recipe)
    #expect(try directory.read().recipe == Self.recipe)
  }

  @Test func aDirectoryIsCheckedBeforehandAndLeftAsItWas() throws {
    try directory.check(for: Self.recipe)
    #expect(!FileManager.default.fileExists(atPath: "\(folder)/new"))
    try train(to: directory)
    let whole = try files(directory)
    refusal(.cannotCreate, "holds a finished run (3 steps, recombined ") {
      try directory.check(for: Self.recipe)
    }
    refusal(.cannotCreate, "holds a finished run (3 steps, recombined ") {
      try train(to: directory)
    }
    #expect(try files(directory) == whole)
    try directory.check(for: Self.recipe, resumes: true)
    try directory.check(for: Self.recipe, overwrites: true)
    var other = Self.recipe
    other.steps += 1
    refusal(.cannotCreate, "holds a run of another recipe") { try directory.check(for: other) }
    try directory.check(for: other, overwrites: true)

    try FileManager.default.createDirectory(
      atPath: "\(folder)/full", withIntermediateDirectories: true)
    try Data().write(to: URL(fileURLWithPath: "\(folder)/full/letter.txt"))
    refusal(.cannotCreate, "is not empty and holds no run") {
      try RunDirectory("\(folder)/full").check(for: Self.recipe)
    }
    refusal(.cannotCreate, "is a file, not a directory") {
      try RunDirectory("\(folder)/full/letter.txt").check(for: Self.recipe)
    }
    refusal(.cannotCreate, "cannot be created") {
      try RunDirectory("\(folder)/full/letter.txt/run").check(for: Self.recipe)
    }
  }

  @Test func aDirectoryBelongsToOneRun() throws {
    let claimed = try directory.claimed { _ in }
    let taken = #expect(throws: RunDirectoryTaken.self) { try train(to: directory) }
    #expect(taken?.description.contains("is in use by process \(getpid()) on ") == true)
    try train(to: claimed)
    claimed.release()
    #expect(try !files(directory).contains { $0.contains("lock") })
    try train(to: directory, overwrites: true)
  }

  @Test func dataThatMovedAlongAreFound() throws {
    let files = FileManager.default
    func folders(_ place: String) throws {
      try files.createDirectory(
        atPath: "\(folder)/\(place)/data", withIntermediateDirectories: true)
    }
    try folders("old")
    var recipe = Self.recipe
    recipe.tasks[0].dataset = .folder
    recipe.tasks[0].path = "\(folder)/old/data"
    try train(recipe, to: RunDirectory("\(folder)/old/runs/first"))
    #expect(try RunDirectory("\(folder)/old/runs/first").read().recipe == recipe)
    try files.moveItem(atPath: "\(folder)/old", toPath: "\(folder)/new")
    let moved = RunDirectory("\(folder)/new/runs/first")
    #expect(try moved.read().recipe.tasks[0].path == "\(folder)/new/data")
    // What is at its old place is taken from there, what is nowhere is named as it was.
    try folders("old")
    #expect(try moved.read().recipe == recipe)
    try files.removeItem(atPath: "\(folder)/old")
    try files.removeItem(atPath: "\(folder)/new/data")
    #expect(try moved.read().recipe == recipe)
  }

  @Test func whatIsNoFinishedRunIsSaid() throws {
    refusal(.missing, "no such directory") { _ = try evaluate(directory) }
    try train(to: directory)
    try FileManager.default.removeItem(atPath: directory.resultsPath)
    refusal(.missing, "the run did not finish") { _ = try evaluate(directory) }
    try Data("{}".utf8).write(to: URL(fileURLWithPath: directory.resultsPath))
    refusal(.malformed, "results.json cannot be understood") { _ = try evaluate(directory) }
    try Data("steps: x".utf8).write(to: URL(fileURLWithPath: "\(directory.path)/recipe.yaml"))
    refusal(.malformed, "recipe.yaml is not as it was written") { _ = try evaluate(directory) }
    try FileManager.default.removeItem(atPath: "\(directory.path)/recipe.yaml")
    refusal(.missing, "holds no recipe.yaml") { _ = try evaluate(directory) }
  }

  @Test func otherComponentsOrDataAreNotMeasuredInItsName() throws {
    try train(to: directory)
    refusal(.malformed, "task b: its data set is not the one") {
      _ = try evaluate(
        directory, [Tiny.two[0], Tiny.dataset(Tiny.two[1].classNames, stream: 9)])
    }
    // a's head in the place of b's: the same shapes, other classes.
    let place = directory.head("b")
    try FileManager.default.removeItem(atPath: place)
    let missing = #expect(throws: FileError.self) { try evaluate(directory) }
    #expect(missing?.kind == .missing && missing?.path == place)
    try FileManager.default.copyItem(atPath: directory.head("a"), toPath: place)
    refusal(.malformed, "task b: the classes of its head") { _ = try evaluate(directory) }
    try FileManager.default.removeItem(atPath: place)
    try FileManager.default.copyItem(atPath: directory.extractor("b"), toPath: place)
    let kind = #expect(throws: FileError.self) { try evaluate(directory) }
    #expect(kind?.problem == "expected a component of kind head, got extractor")
  }

  @Test func aFailedTrainingLeavesNoResults() throws {
    var recipe = Self.recipe
    recipe.learningRate = 1000
    recipe.weightDecay = 1
    recipe.warmup = 0
    recipe.steps = 40
    #expect(throws: DivergenceError.self) { try train(recipe, to: directory) }
    #expect(try files(directory) == ["metrics.jsonl", "recipe.yaml"])
  }
}
