import Autograd
import BackendCPU
import Components
import Datasets
import Foundation
import Networks
import Recipes
import Runs
import Tensors
import TestSupport
import Testing
import Training

/// Self-supervised trainings, frozen parts, given components, shared and grown heads.
@Suite struct ApplicationRecipeTests {
  let backend = CPUBackend(threads: 2)

  private func run(
    _ recipe: Recipe, _ datasets: [Dataset], in folder: String, _ name: String
  ) throws -> RunDirectory {
    let directory = RunDirectory("\(folder)/\(name)")
    _ = try Run.train(
      recipe, datasets: datasets, directory: directory, on: backend, clock: TurnedClock())
    return directory
  }

  private func bytes(_ path: String) throws -> Data {
    try #require(FileManager.default.contents(atPath: path))
  }

  private var source: Recipe { Tiny.recipe(tasks: 1) { $0.methods = [.rotationPrediction] } }

  @Test func selfSupervisedTrainingLooksAtNoLabels() throws {
    let recipe = Tiny.recipe(tasks: 1) {
      $0.objective = .selfSupervised
      $0.methods = [.rotationPrediction]
    }
    let (one, two) = (Tiny.two[0], Tiny.two[0])
    let other = Dataset(
      name: two.name, classNames: two.classNames,
      train: ImageSet(
        bytes: two.train.bytes, labels: two.train.labels.map { 3 - $0 }, size: Tiny.size),
      test: two.test)
    let trainers = try [one, other].map { data in
      let trainer = try Tiny.trainer(recipe, [data], on: backend)
      let head = try Tiny.state(trainer.networks[0].head.layers, on: backend)
      try trainer.run()
      #expect(try Tiny.state(trainer.networks[0].head.layers, on: backend) == head)
      return trainer
    }
    #expect(
      try Tiny.state(trainers[0], on: backend) == Tiny.state(trainers[1], on: backend))
    let before = try Tiny.trainer(recipe, [one], on: backend)
    #expect(
      try Tiny.state(trainers[0].networks[0].extractor.layers, on: backend)
        != Tiny.state(before.networks[0].extractor.layers, on: backend))
  }

  @Test func preTrainingLeavesAnExtractorARotationHeadAndItsAccuracy() throws {
    let folder = try Tiny.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var recipe = source
    recipe.objective = .selfSupervised
    let directory = try run(recipe, [Tiny.two[0]], in: folder, "pre")
    let files = FileManager.default
    #expect(files.fileExists(atPath: directory.extractor("a")))
    #expect(files.fileExists(atPath: directory.auxiliary("rotation")))
    #expect(!files.fileExists(atPath: directory.head("a")))
    let results = try directory.read().results
    #expect(results.tasks[0].ownAccuracy == nil)
    let accuracy = try #require(results.tasks[0].auxiliaryAccuracy?["rotation"])
    #expect((0...1).contains(accuracy))
    // Others start from it, and with steps: 0 are it.
    let next = Tiny.recipe {
      $0.methods = [.identicalInitialWeights]
      $0.initialWeights = directory.path
      $0.steps = 0
    }
    let started = try run(next, Tiny.two, in: folder, "next")
    #expect(
      try ComponentFile.read(started.extractor("a")).header.digest
        == ComponentFile.read(directory.extractor("a")).header.digest)
  }

  /// Sec. 5.1: nothing but the extractor changes, and every head that fitted still fits.
  @Test func adaptationLeavesTheRotationHeadAndKeepsTheFeatureSpace() throws {
    let folder = try Tiny.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let before = try run(source, [Tiny.two[0]], in: folder, "source")
    var recipe = Tiny.recipe(tasks: 1)
    recipe.adapt(
      before.extractor("a"), through: before.auxiliary("rotation"), of: recipe.architecture)
    let after = try run(recipe, [Tiny.two[1]], in: folder, "adapted")
    #expect(try bytes(before.auxiliary("rotation")) == bytes(after.auxiliary("rotation")))
    let (was, now) = (
      try ComponentFile.read(before.extractor("a")).header,
      try ComponentFile.read(after.extractor("a")).header
    )
    #expect(was.digest != now.digest)
    // Preprocessing is the extractor's own and goes with it.
    #expect(was.preprocessing == now.preprocessing)
    #expect(Set(now.featureSpace.anchors).isSuperset(of: was.featureSpace.anchors))
    #expect(now.lineage?.origin == .adaptation)
    #expect(now.lineage?.parents?.map(\.digest) == [was.digest])
    #expect(now.lineage?.recipe?.contains(folder) == false)
  }

  /// Sec. 5.3 without a frozen head: fine-tuning starts a space of its own.
  @Test func fineTuningLeavesTheFeatureSpace() throws {
    let folder = try Tiny.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let before = try run(source, [Tiny.two[0]], in: folder, "source")
    var recipe = Tiny.recipe(tasks: 1)
    recipe.transfer(
      before.extractor("a"), under: before.head("a"), of: recipe.architecture)
    recipe.evaluateAt = [0, 2]
    let after = try run(recipe, [Tiny.two[0]], in: folder, "tuned")
    let (was, now) = (
      try ComponentFile.read(before.extractor("a")).header,
      try ComponentFile.read(after.extractor("a")).header
    )
    #expect(now.featureSpace.shared(with: was.featureSpace).isEmpty)
    #expect(
      try !ComponentFile.read(after.head("a")).header.featureSpace.shared(with: now.featureSpace)
        .isEmpty)
    // Before the first step the parts are what they were.
    let results = try (before.read().results, after.read().results)
    #expect(results.1.curve.map(\.step) == [0, 2])
    #expect(
      results.1.curve[0].averageClassAccuracy?["a"] == results.0.tasks[0].averageClassAccuracy)
  }

  // MARK: Shared and grown heads

  private var together: Recipe {
    Tiny.recipe {
      $0.sharedHead = true
      $0.architecture = Architecture(depth: 8, split: .stage2, adapter: 32)
      $0.tasks[1].architecture = Architecture(depth: 8, width: 2, split: .stage2, adapter: 32)
      for index in $0.tasks.indices { $0.tasks[index].classes = ["cat", "ship"] }
    }
  }

  private func choosing(_ recipe: Recipe, _ dataset: Dataset) throws -> [Dataset] {
    try recipe.tasks.map { try $0.choosingClasses(of: dataset) }
  }

  @Test func oneHeadServesExtractorsOfDifferentArchitectures() throws {
    let folder = try Tiny.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let trainer = try Tiny.trainer(together, try choosing(together, Tiny.two[0]), on: backend)
    #expect(trainer.networks[0].head === trainer.networks[1].head)
    #expect(trainer.networks[1].extractor.architecture.width == 2)
    let directory = try run(together, try choosing(together, Tiny.two[0]), in: folder, "shared")
    #expect(try bytes(directory.head("a")) == bytes(directory.head("b")))
    let head = try ComponentFile.read(directory.head("a")).header
    #expect(head.featureSpace.anchors == [Anchor(.sharedHead, head.digest)])
    for name in ["a", "b"] {
      let extractor = try ComponentFile.read(directory.extractor(name)).header
      #expect(!extractor.featureSpace.shared(with: head.featureSpace).isEmpty)
    }
    // Loading them again measures the same.
    let datasets = try choosing(together, Tiny.two[0])
    let again = try Run.evaluate(directory, on: backend) { _ in datasets }
    #expect(again.recombinationAccuracy == (try directory.read().results.recombinationAccuracy))
  }

  /// Sec. 5.2: old outputs keep their weights, whatever the new order of the classes; the reference
  /// extractor stays as it is, and so do the spaces.
  @Test func aHeadGrowsOnAFrozenExtractor() throws {
    let folder = try Tiny.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let shared = try run(together, try choosing(together, Tiny.two[0]), in: folder, "shared")
    var recipe = Tiny.recipe(tasks: 1)
    recipe.architecture = together.architecture
    recipe.tasks[0].extractor = shared.extractor("a")
    recipe.tasks[0].head = shared.head("a")
    recipe.frozen = [.extractors]
    recipe.steps = 0
    let start = try run(recipe, [Tiny.two[0]], in: folder, "start")
    let (old, new) = (
      try ComponentFile.read(shared.head("a")), try ComponentFile.read(start.head("a"))
    )
    #expect(new.header.classNames == ["cat", "dog", "ship", "bird"])
    for (name, entry) in old.tensors {
      let grown = try #require(new.tensors[name])
      guard name.hasPrefix(recipe.architecture.classifier) else {
        #expect(grown == entry, "\(name)")
        continue
      }
      let row = entry.values.count / 2
      #expect(grown.values.count == 4 * row)
      #expect(grown.values[0..<row] == entry.values[0..<row])
      #expect(Array(grown.values[2 * row..<3 * row]) == Array(entry.values[row..<2 * row]))
    }
    recipe.steps = 3
    let grown = try run(recipe, [Tiny.two[0]], in: folder, "grown")
    #expect(try bytes(grown.extractor("a")) == bytes(shared.extractor("a")))
    let head = try ComponentFile.read(grown.head("a")).header
    #expect(head.digest != new.header.digest)
    let other = try ComponentFile.read(shared.extractor("b")).header
    #expect(!head.featureSpace.shared(with: other.featureSpace).isEmpty)
  }

  @Test func aHeadOfOtherClassesIsRefused() throws {
    let folder = try Tiny.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let before = try run(source, [Tiny.two[0]], in: folder, "source")
    var recipe = Tiny.recipe(tasks: 1)
    recipe.tasks[0].head = before.head("a")
    let error = #expect(throws: RecipeError.self) {
      try Tiny.trainer(recipe, [Tiny.two[1]], on: backend)
    }
    #expect(error?.problem.contains("class bird") == true, "\(String(describing: error))")
    recipe.tasks[0].head = nil
    recipe.architecture.depth = 14
    recipe.tasks[0].extractor = before.extractor("a")
    #expect(throws: RecipeError.self) { try Tiny.trainer(recipe, [Tiny.two[0]], on: backend) }
  }
}
