import Autograd
import BackendCPU
import Components
import Datasets
import Evaluation
import Foundation
import Networks
import Recipes
import Runs
import Tensors
import TestSupport
import Testing
import Training

@Suite struct InitialWeightsTests {
  let backend = CPUBackend(threads: 2)

  func initial(_ network: TaskNetwork) throws -> [String: [Float]] {
    try (network.extractor.layers.parameters + network.head.layers.parameters)
      .snapshot(on: backend)
  }

  @Test func identicalWeightsRecombineExactlyBeforeTraining() throws {
    let trainer = try Tiny.trainer(
      Tiny.recipe {
        $0.methods = [.identicalInitialWeights]
        $0.steps = 0
      }, on: backend)
    try trainer.run()
    let (a, b) = (trainer.networks[0], trainer.networks[1])
    let evaluator = Evaluator(batchSize: 4, on: backend)
    for (own, other) in [(a, b), (b, a)] {
      let images = own.dataset.test
      let expected = try evaluator.logits(try Recombination(own.extractor, own.head), images)
      let recombined = try evaluator.logits(try Recombination(own.extractor, other.head), images)
      #expect(recombined == expected)
      #expect(expected.count == images.count * 4)
    }
  }

  @Test func identicalWeightsDifferInTheLastLayerWhereClassCountsDo() throws {
    let trainer = try Tiny.trainer(
      Tiny.recipe(tasks: 3) { $0.methods = [.identicalInitialWeights] },
      [Tiny.three[2], Tiny.three[0], Tiny.three[1]], on: backend)
    let weights = try trainer.networks.map(initial)
    for name in weights[0].keys where name != "linear.weight" && name != "linear.bias" {
      #expect(weights[1][name] == weights[0][name])
      #expect(weights[2][name] == weights[0][name])
    }
    #expect(weights[0]["linear.weight"]?.count == 3 * 64)
    // Equal counts have equal rows, by position, whatever other tasks there are.
    #expect(weights[1]["linear.weight"]?.count == 4 * 64)
    #expect(weights[1]["linear.weight"] == weights[2]["linear.weight"])
    let firstOfOther = Array(weights[1]["linear.weight"]!.prefix(3 * 64))
    #expect(firstOfOther != weights[0]["linear.weight"])
  }

  @Test func withoutTheMethodEveryTaskDrawsItsOwn() throws {
    let trainer = try Tiny.trainer(Tiny.recipe(), on: backend)
    let weights = try trainer.networks.map(initial)
    for name in weights[0].keys where name.contains("conv") || name == "linear.weight" {
      #expect(weights[0][name] != weights[1][name])
    }
  }

  @Test func theFirstTaskStartsAlikeWithEveryMethod() throws {
    let without = try initial(Tiny.trainer(Tiny.recipe(), on: backend).networks[0])
    let with = try initial(
      Tiny.trainer(
        Tiny.recipe { $0.methods = CompatibilityMethod.paper }, on: backend
      ).networks[0])
    #expect(with == without)
  }
}

@Suite struct PretrainedWeightsTests {
  private let backend = CPUBackend(threads: 2)

  /// A finished run of one task with a rotation head.
  private func pretrained(seed: UInt64) throws -> String {
    let folder = try Tiny.temporaryFolder()
    let recipe = Tiny.recipe(tasks: 1) {
      $0.methods = [.rotationPrediction]
      $0.seed = seed
    }
    _ = try Run.train(
      recipe, datasets: [Tiny.two[0]], directory: RunDirectory(folder), on: backend,
      clock: TurnedClock())
    return folder
  }

  @Test func allNetworksStartFromTheRunOfTheRecipe() throws {
    let run = try pretrained(seed: 1)
    defer { try? FileManager.default.removeItem(atPath: run) }
    let trainer = try Tiny.trainer(
      Tiny.recipe {
        $0.initialWeights = run
        $0.methods = [.rotationPrediction]
      }, on: backend)
    let stored = try ComponentFile.loadExtractor(
      "\(run)/components/a.extractor.safetensors", on: backend)
    let rotation = try ComponentFile.loadAuxiliaryHead(
      "\(run)/components/auxiliary/rotation.safetensors", on: backend)
    let expected = try stored.layers.parameters.snapshot(on: backend)
    for network in trainer.networks {
      #expect(try network.extractor.layers.parameters.snapshot(on: backend) == expected)
      let head = try network.head.layers.parameters.snapshot(on: backend)
      for (name, values) in try rotation.head.layers.parameters.snapshot(on: backend) {
        // The last layer has other classes.
        #expect((head[name] == values) == !name.hasPrefix("linear"), "\(name)")
      }
    }
    #expect(
      try trainer.selfSupervisedHeads[0].head.layers.parameters.snapshot(on: backend)
        == rotation.head.layers.parameters.snapshot(on: backend))
  }

  @Test func tasksMayStartFromDifferentRuns() throws {
    let runs = try [pretrained(seed: 1), pretrained(seed: 2)]
    defer { for run in runs { try? FileManager.default.removeItem(atPath: run) } }
    let trainer = try Tiny.trainer(
      Tiny.recipe {
        $0.tasks[0].initialWeights = runs[0]
        $0.tasks[1].initialWeights = runs[1]
      }, on: backend)
    let weights = try trainer.networks.map {
      try $0.extractor.layers.parameters.snapshot(on: backend)
    }
    #expect(weights[0] != weights[1])
  }

  @Test func aFolderWithoutARunIsRefused() throws {
    let folder = try Tiny.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    #expect(throws: RecipeError.self) {
      try Tiny.trainer(Tiny.recipe { $0.initialWeights = folder }, on: backend)
    }
  }
}

@Suite struct AuxiliaryTaskTests {
  @Test func jigsawTrainsAHeadOfItsOwn() throws {
    let backend = CPUBackend(threads: 2)
    let trainer = try Tiny.trainer(
      Tiny.recipe { $0.methods = [.rotationPrediction, .jigsaw] }, on: backend)
    #expect(trainer.selfSupervisedHeads.map(\.kind) == [.rotation, .jigsaw])
    let before = try trainer.selfSupervisedHeads.map {
      try $0.head.layers.parameters.snapshot(on: backend)
    }
    var losses: [TaskLosses] = []
    try trainer.run(progress: { losses = $0.losses })
    for (head, old) in zip(trainer.selfSupervisedHeads, before) {
      #expect(try head.head.layers.parameters.snapshot(on: backend) != old)
    }
    #expect(Set(losses[0].auxiliary.keys) == ["rotation", "jigsaw"])
  }

  @Test func everyCopyHasItsLabel() {
    for task in [RotationTask(), JigsawTask()] as [any AuxiliaryTask] {
      let copies = task.labelNames.indices.map { task.copy(ImageTransform(index: 3), label: $0) }
      #expect(copies[0] == ImageTransform(index: 3))
      #expect(Set(copies).count == task.labelNames.count)
      #expect(task.kind.auxiliaryTask?.labelNames == task.labelNames)
    }
  }

  @Test func theSharedHeadSeesAsManyCommonClassesAsTheRecipeSays() throws {
    func seen(_ count: Int, seed: UInt64 = 7) throws -> [String] {
      try Tiny.trainer(
        Tiny.recipe {
          $0.methods = [.commonClasses]
          $0.commonClassesUsed = count
          $0.seed = seed
        }
      ).commonClassesHead!.head.classNames
    }
    #expect(try seen(0) == ["cat", "dog", "ship"])
    #expect(try seen(2).count == 2)
    #expect(Set(try (0..<20).map { try seen(2, seed: $0) }).count == 3)
  }
}
