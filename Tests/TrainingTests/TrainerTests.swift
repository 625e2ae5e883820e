import Autograd
import BackendCPU
import Components
import Datasets
import Foundation
import Networks
import Recipes
import Tensors
import Testing
import Training

@Suite struct TrainerTests {
  let backend = CPUBackend(threads: 2)

  @Test func twoRunsOfOneSeedAreBitEqual() throws {
    let recipe = Tiny.recipe { $0.methods = CompatibilityMethod.paper }
    let first = try Tiny.trained(recipe)
    #expect(try Tiny.trained(recipe) == first)
    var other = recipe
    other.seed = 8
    #expect(try Tiny.trained(other) != first)
  }

  @Test func theNumberOfThreadsChangesNoBit() throws {
    let recipe = Tiny.recipe { $0.methods = CompatibilityMethod.paper }
    let one = try Tiny.trained(recipe, threads: 1)
    #expect(try Tiny.trained(recipe, threads: 3) == one)
  }

  @Test(arguments: [[], CompatibilityMethod.paper])
  func aMinibatchOfOneTaskLeavesTheOtherAlone(_ methods: [CompatibilityMethod]) throws {
    let trainer = try Tiny.trainer(
      Tiny.recipe { $0.methods = methods }, on: backend)
    // Momentum everywhere, which decay or a stray update would move.
    for network in trainer.networks { try trainer.step(network, step: 0, learningRate: 0.1) }
    let before = try trainer.networks.map { try Tiny.state($0, on: backend) }
    try trainer.step(trainer.networks[0], step: 1, learningRate: 0.1)
    #expect(try Tiny.state(trainer.networks[1], on: backend) == before[1])
    let after = try Tiny.state(trainer.networks[0], on: backend)
    for (name, values) in before[0][0] { #expect(after[0][name] != values, "\(name)") }
    for (name, values) in before[0][1] { #expect(after[1][name] != values, "\(name)") }
  }

  @Test func auxiliaryHeadsAreSharedAndUpdatedByEveryTask() throws {
    let trainer = try Tiny.trainer(
      Tiny.recipe { $0.methods = [.rotationPrediction, .commonClasses] }, on: backend)
    let heads = [
      try #require(trainer.selfSupervisedHeads.first), try #require(trainer.commonClassesHead),
    ]
    #expect(heads[0].head.classNames == ["0", "90", "180", "270"])
    #expect(heads[1].head.classNames == ["cat", "dog", "ship"])
    for network in trainer.networks {
      let before = try heads.map { try Tiny.state($0.head.layers, on: backend) }
      try trainer.step(network, step: 0, learningRate: 0.1)
      let after = try heads.map { try Tiny.state($0.head.layers, on: backend) }
      #expect(after[0]["linear.weight"] != before[0]["linear.weight"])
      #expect(after[1]["linear.weight"] != before[1]["linear.weight"])
    }
  }

  @Test func rotatedImagesLeaveRunningStatisticsAsTheyWere() throws {
    func statistics(_ change: (inout Recipe) -> Void) throws -> [[Float]] {
      let trainer = try Tiny.trainer(Tiny.recipe(tasks: 2, change), on: backend)
      try trainer.step(trainer.networks[0], step: 0, learningRate: 0.1)
      return try trainer.networks[0].extractor.layers.buffers.map {
        try backend.download($0.value)
      }
    }
    let without = try statistics { $0.methods = [] }
    #expect(try statistics { $0.methods = [.rotationPrediction] } == without)
    #expect(try statistics { $0.ownRotationHead = true } == without)
  }

  @Test func ownRotationHeadsBelongToTheirTasks() throws {
    let trainer = try Tiny.trainer(Tiny.recipe { $0.ownRotationHead = true }, on: backend)
    #expect(trainer.selfSupervisedHeads.isEmpty)
    let before = try Tiny.state(trainer, on: backend)
    try trainer.step(trainer.networks[1], step: 0, learningRate: 0.1)
    let after = try Tiny.state(trainer, on: backend)
    #expect(Array(after[0...2]) == Array(before[0...2]))
    #expect(after[5]["linear.weight"] != before[5]["linear.weight"])
    #expect(before[2] != before[5])
  }

  @Test func aLossThatIsNoNumberStopsTheTraining() throws {
    let recipe = Tiny.recipe {
      $0.learningRate = 1000
      $0.weightDecay = 1
      $0.warmup = 0
      $0.steps = 40
    }
    let error = #expect(throws: DivergenceError.self) { try Tiny.trained(recipe) }
    #expect(error?.description.contains("a.extractor/layer2") == true)
    #expect(error.map { $0.step > 0 && $0.step < 40 } == true)
  }

  /// The three losses of the first minibatch against Eqs. 1 and 2, summed in double from logits.
  @Test func theLossesAreTheEquations() throws {
    let recipe = Tiny.recipe {
      $0.methods = [.rotationPrediction, .commonClasses]
      $0.steps = 1
      $0.batchSize = 8
      $0.learningRate = 0
    }
    let trainer = try Tiny.trainer(recipe, on: backend)
    var found: TaskLosses?
    try trainer.run(progress: { found = $0.losses[0] })
    let losses = try #require(found)

    // With a rate of 0 the weights still are those of that minibatch.
    let network = trainer.networks[0]
    let train = network.dataset.train
    var sampler = BatchSampler(
      count: train.count, batchSize: 8, imageSize: Tiny.size,
      augmentation: [RandomCrop(), RandomFlip()], seed: recipe.seed, task: 0)
    let upright = sampler.transforms(step: 0)
    let labels = upright.map { Int(train.labels[Int($0.index)]) }
    func logits(_ head: TaskHead, _ transforms: [ImageTransform]) throws -> [[Double]] {
      let store = backend.makeImageStore(
        bytes: train.bytes, count: train.count, height: Tiny.size, width: Tiny.size)
      let x = backend.makeTensor([transforms.count, Tiny.size, Tiny.size, 3])
      let normalization = network.extractor.preprocessing.normalization
      backend.gatherImages(
        store, transforms: transforms, mean: normalization.mean, std: normalization.std, into: x)
      let context = ForwardContext(
        tape: Tape(on: backend, recording: false), statistics: .batch(updateRunning: false))
      let values = try backend.download(
        try Recombination(network.extractor, head)(Variable(x), context).value)
      let outputs = head.classNames.count
      return transforms.indices.map {
        values[$0 * outputs..<($0 + 1) * outputs].map(Double.init)
      }
    }
    func crossEntropy(_ logits: [Double], _ label: Int) -> Double {
      let largest = logits.max()!
      return log(logits.reduce(0) { $0 + exp($1 - largest) }) + largest - logits[label]
    }

    let target =
      zip(try logits(network.head, upright), labels)
      .reduce(0) { $0 + crossEntropy($1.0, $1.1) } / 8
    #expect(abs(Double(try #require(losses.target)) - target) < 1e-4)

    // Task a's classes are cat, dog, ship, bird; bird is its own and does not count, though the
    // divisor stays the whole batch.
    let common =
      zip(try logits(trainer.commonClassesHead!.head, upright), labels)
      .filter { $0.1 != 3 }.reduce(0) { $0 + crossEntropy($1.0, $1.1) } / 8
    #expect(labels.contains(3))
    #expect(abs(Double(losses.auxiliary["common-classes"] ?? 0) - common) < 1e-4)

    let turned = (0..<4).flatMap { turns in
      upright.map {
        ImageTransform(
          index: $0.index, dy: $0.dy, dx: $0.dx, flip: $0.flip, quarterTurns: UInt8(turns))
      }
    }
    let rotation =
      try logits(trainer.selfSupervisedHeads[0].head, turned).enumerated()
      .reduce(0) { $0 + crossEntropy($1.element, $1.offset / 8) } / 32
    #expect(abs(Double(losses.auxiliary["rotation"] ?? 0) - rotation) < 1e-4)
  }
}
