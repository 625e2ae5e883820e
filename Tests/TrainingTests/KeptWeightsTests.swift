import BackendCPU
import Components
import Datasets
import Foundation
import Recipes
import Runs
import Tensors
import TestSupport
import Testing
import Training

/// Which weights of a training become components.
@Suite struct KeptWeightsTests {
  private let backend = CPUBackend(threads: 2)

  @Test func averagesAreThoseOfALoopInDouble() throws {
    let recipe = Tiny.recipe {
      $0.steps = 6
      $0.averageWeights = 0.6
      $0.methods = CompatibilityMethod.paper
    }
    let trainer = try Tiny.trainer(recipe, on: backend)
    let layers = [
      trainer.networks[0].extractor.layers, trainer.networks[1].head.layers,
      trainer.commonClassesHead!.head.layers,
    ]
    func states() throws -> [[String: [Float]]] {
      try layers.map { try Tiny.state($0, on: backend) }
    }
    var averages = try states().map { $0.mapValues { $0.map(Double.init) } }
    var last: [[String: [Float]]] = []
    try trainer.run(roundEnded: { position in
      last = try states()
      let t = Double(position.round)
      let decay = min(0.6, (1 + t) / (10 + t))
      for (index, state) in last.enumerated() {
        for (name, values) in state {
          for (at, value) in values.enumerated() {
            averages[index][name]![at] =
              decay * averages[index][name]![at]
              + (1 - decay) * Double(value)
          }
        }
      }
    })
    let found = try states()
    #expect(found != last)
    for (average, state) in zip(averages, found) {
      #expect(average.count == state.count)
      for (name, values) in state {
        for (expected, value) in zip(average[name]!, values) {
          #expect(abs(expected - Double(value)) <= 1e-5 * max(1, abs(expected)), "\(name)")
        }
      }
    }
  }

  /// What is measured along the way, too, are the averages, and the training is not changed by it.
  @Test func measuringAlongTheWayChangesNothing() throws {
    func train(_ evaluateAt: [Int]) throws -> ([[String: [Float]]], [[String: [Float]]]) {
      let recipe = Tiny.recipe {
        $0.steps = 5
        $0.averageWeights = 0.7
        $0.evaluateAt = evaluateAt
      }
      let trainer = try Tiny.trainer(recipe, on: backend)
      var seen: [[String: [Float]]] = []
      try trainer.run(evaluate: { _ in
        seen += try Tiny.state(trainer.networks[0], on: backend)
      })
      return (seen, try Tiny.state(trainer.networks[0], on: backend))
    }
    let (none, plain) = try train([])
    let (seen, measured) = try train([3])
    #expect(none.isEmpty && seen.count > 0)
    #expect(plain == measured)
    #expect(seen[0] != plain[0])
  }

  @Test func theBestOfTheHeldOutImagesIsKept() throws {
    let root = try Tiny.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: root) }
    let recipe = Tiny.recipe {
      $0.steps = 12
      $0.evaluateEvery = 2
      $0.validation = 0.3
      $0.keep = .best
      // So high that what was learned is lost again.
      $0.learningRate = 2
      $0.schedule = .constant
      $0.warmup = 0.5
    }
    let results = try Run.train(
      recipe, datasets: Tiny.two, directory: RunDirectory("\(root)/run"), on: backend,
      clock: TurnedClock())
    let step = try #require(results.keptStep)
    #expect(step < recipe.steps)
    let best = try #require(results.curve.compactMap(\.validationAccuracy).max())
    #expect(
      results.curve.first { $0.validationAccuracy == best }?.step == step)
    // The components are those weights.
    let own = results.tasks.compactMap(\.validationAccuracy)
    #expect(own.count == 2 && own.reduce(0, +) / 2 == best)
    let again = try Run.evaluate(
      RunDirectory("\(root)/run"), on: backend, datasets: { _ in Tiny.two })
    #expect(again.tasks.compactMap(\.validationAccuracy) == own)
    let component = try ComponentFile.read(RunDirectory("\(root)/run").extractor("a"))
    #expect(component.header.lineage?.keptStep == step)
  }

  @Test func whatCannotBeKeptIsRefused() {
    for (change, fragment): ((inout Recipe) -> Void, String) in [
      ({ $0.keep = .best }, "give validation"),
      (
        {
          $0.keep = .best
          $0.validation = 0.1
        }, "evaluate-every"
      ),
      (
        {
          $0.keep = .best
          $0.scheme = .incremental
        }, "joint training"
      ),
    ] {
      let error = #expect(throws: RecipeError.self) { try Tiny.recipe(change).validate() }
      #expect(error?.problem.contains(fragment) == true, "\(String(describing: error))")
    }
  }
}

/// Draws of the steps that change what part of an image is seen.
@Suite struct RegionDrawTests {
  private func transforms(_ step: any AugmentationStep, _ size: Int) -> [ImageTransform] {
    var sampler = BatchSampler(
      count: 50, batchSize: 4000, imageSize: size, augmentation: [step], seed: 3, task: 0)
    return sampler.transforms(step: 0)
  }

  @Test func resizedCropsHaveTheSharesAndShapesThatWereAsked() {
    let windows = transforms(RandomResizedCrop(smallestArea: 0.25), 64).compactMap(\.window)
    #expect(windows.count > 3900)
    let shares = windows.map { Double($0.height * $0.width) / (64 * 64) }
    // A side is rounded to a pixel of at least 27.
    #expect(shares.allSatisfy { (0.235...1).contains($0) })
    // Uniform, but for shapes that do not fit: those are large.
    let small = Double(shares.filter { $0 < 0.5 }.count) / 4000
    #expect(abs(small - 1.0 / 3) < 0.08)
    let aspects = windows.map { Double($0.width) / Double($0.height) }
    #expect(aspects.allSatisfy { (0.72...1.39).contains($0) })
    let skew: Double = aspects.map { log($0) }.reduce(0, +) / 4000
    #expect(abs(skew) < 0.02)
    #expect(windows.contains { $0.top == 0 } && windows.contains { $0.top + $0.height == 64 })
    #expect(windows.contains { $0.left == 0 } && windows.contains { $0.left + $0.width == 64 })
  }

  @Test func asManyAreErasedAsWereAsked() {
    let erased = transforms(RandomErasing(probability: 0.3), 32).compactMap(\.erased)
    let often = Double(erased.count) / 4000
    #expect(abs(often - 0.3) < 0.03)
    let shares = erased.map { Double($0.height * $0.width) / (32 * 32) }
    #expect(shares.allSatisfy { (0.01...0.36).contains($0) })
    let mean: Double = shares.reduce(0, +) / Double(shares.count)
    #expect(abs(mean - 0.175) < 0.02)
  }

  @Test func eachIsReadFromARecipe() throws {
    let recipe = try Recipe.parse(
      yaml: """
        tasks: [{dataset: made-up-ink}]
        augment: [{resized-crop: 0.4}, flip, erase]
        average-weights: 0.99
        keep: best
        validation: 0.1
        evaluate-every: 10
        """, folder: "/")
    #expect(
      recipe.augment
        == Augmentation([.init("resized-crop", 0.4), .init("flip"), .init("erase")]))
    #expect(recipe.averageWeights == 0.99 && recipe.keep == .best)
    #expect(try Recipe.parse(yaml: recipe.yaml, folder: "/") == recipe)
  }
}
