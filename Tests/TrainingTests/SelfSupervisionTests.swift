import BackendCPU
import Components
import Foundation
import Networks
import Recipes
import Runs
import Tensors
import TestSupport
import Testing
import Training

/// What a recipe may say of the self-supervised losses.
@Suite struct SelfSupervisionTests {
  let backend = CPUBackend(threads: 2)

  private func recipe(_ change: (inout Recipe) -> Void = { _ in }) -> Recipe {
    Tiny.recipe {
      $0.methods = [.rotationPrediction]
      change(&$0)
    }
  }

  /// Extractor, head, extractor, head, …, then the rotation head.
  private func trained(_ recipe: Recipe) throws -> [[String: [Float]]] {
    let trainer = try Tiny.trainer(recipe, on: backend)
    try trainer.run()
    return try Tiny.state(trainer, on: backend)
  }

  @Test func everyLabelIsDrawnAsOften() throws {
    var random = RandomStream(seed: 3, .copies)
    let images = (0..<8000).map { ImageTransform(index: Int32($0), dy: 1, flip: true) }
    let (copies, labels) = RotationTask().oneCopy(of: images, &random)
    for (image, (copy, label)) in zip(images, zip(copies, labels)) {
      var expected = image
      expected.quarterTurns = UInt8(label)
      #expect(copy == expected)
    }
    for label in 0..<4 {
      // Four standard deviations around a quarter.
      #expect(abs(labels.filter { $0 == label }.count - 2000) < 155)
    }
  }

  /// With extractors that stand still nothing but their own images decides about the target heads.
  @Test func noOtherDrawDependsOnTheRotations() throws {
    let all = try trained(recipe { $0.frozen = [.extractors] })
    let one = try trained(
      recipe {
        $0.frozen = [.extractors]
        $0.rotations = .one
      })
    #expect(one[1] == all[1] && one[4] == all[4])
    #expect(one[6] != all[6])
    #expect(try trained(recipe { $0.rotations = .one }) == trained(recipe { $0.rotations = .one }))
  }

  @Test func theWeightMultipliesTheGradient() throws {
    func step(_ weight: Double) throws -> [Float] {
      let trainer = try Tiny.trainer(
        recipe {
          $0.selfSupervisedWeight = weight
          $0.weightDecay = 0
          $0.momentum = 0
        }, on: backend)
      let parameter = trainer.selfSupervisedHeads[0].head.layers.parameters.last!
      let before = try backend.download(parameter.value)
      try trainer.step(trainer.networks[0], step: 0, learningRate: 0.01)
      return zip(try backend.download(parameter.value), before).map { $0 - $1 }
    }
    for (twice, once) in zip(try step(2), try step(1)) {
      #expect(abs(twice - 2 * once) < 1e-6)
      #expect(once != 0)
    }
  }

  @Test func theSharedHeadMayHaveAnotherShape() throws {
    let trainer = try Tiny.trainer(
      recipe {
        $0.architecture = Architecture(depth: 8, adapter: 8)
        $0.selfSupervisedHead = Architecture(depth: 14, width: 2, adapter: 8)
      }, on: backend)
    let head = trainer.selfSupervisedHeads[0].head
    #expect(head.architecture.depth == 14)
    let names = head.layers.parameters.map(\.name)
    #expect(names.contains("layer3.1.conv1.weight"))
    #expect(!trainer.networks[0].head.layers.parameters.map(\.name).contains(names[10]))
    try trainer.run()
  }

  @Test func preTrainingMayHaveACurve() throws {
    let recipe = recipe {
      $0.objective = .selfSupervised
      $0.evaluateEvery = 1
    }
    let results = try Run.train(
      recipe, datasets: Tiny.two, directory: nil, on: backend, clock: TurnedClock())
    #expect(results.curve.map(\.step) == [1, 2])
    for point in results.curve {
      #expect((0...1).contains(try #require(point.auxiliaryAccuracy?["b"]?["rotation"])))
    }
  }

  /// Rotation accuracy on test images, the ratio, and both on held-out images.
  @Test func resultsSayHowFarCompatibilityCarries() throws {
    let folder = try Tiny.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let recipe = recipe {
      $0.rotations = .one
      $0.validation = 0.4
    }
    let directory = RunDirectory("\(folder)/run")
    let results = try Run.train(
      recipe, datasets: Tiny.two, directory: directory, on: backend, clock: TurnedClock())
    for task in results.tasks {
      #expect((0...1).contains(try #require(task.auxiliaryAccuracy?["rotation"])))
    }
    func mean(_ values: [Double?]) throws -> Double {
      try values.map { try #require($0) }.reduce(0, +) / Double(values.count)
    }
    #expect(
      results.ratio
        == (try #require(results.recombinationAccuracy))
        / (try mean(results.tasks.map(\.ownAccuracyOnCommonClasses))))
    let validation = try #require(results.validation)
    #expect(validation.recombinations.map(\.images) == [6, 5])
    #expect(
      validation.ratio
        == (try #require(validation.recombinationAccuracy))
        / (try mean(results.tasks.map(\.validationAccuracyOnCommonClasses))))
    let again = try Run.evaluate(directory, on: backend) { _ in Tiny.two }
    #expect(try again.json == results.json)
    let independent = try Run.train(
      Tiny.recipe(), datasets: Tiny.two, directory: nil, on: backend, clock: TurnedClock())
    #expect(independent.validation == nil && independent.ratio != nil)
    #expect(independent.tasks.allSatisfy { $0.auxiliaryAccuracy == nil })
  }
}
