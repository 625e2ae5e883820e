import Autograd
import BackendCPU
import Components
import Datasets
import Foundation
import Networks
import Optimizers
import Recipes
import Tensors
import Training

/// Data sets and recipes so small that a training takes a moment.
enum Tiny {
  static let size = 8

  /// Noise around a color of its own for each class; deterministic.
  static func dataset(
    _ classNames: [String], train: Int = 20, test: Int = 10, stream: UInt32 = 0
  ) -> Dataset {
    var random = RandomStream(seed: 11, .syntheticImages, stream: stream)
    func images(_ count: Int) -> ImageSet {
      let labels = (0..<count).map { Int32($0 % classNames.count) }
      let bytes = labels.flatMap { label in
        (0..<size * size * 3).map { _ in UInt8(20 + 40 * Int(label) % 200 + random.below(35)) }
      }
      return ImageSet(bytes: bytes, labels: labels, size: size)
    }
    return Dataset(
      name: "tiny \(stream)", classNames: classNames, train: images(train), test: images(test))
  }

  /// Tasks “a”, “b”, …; the data are given, so their kind does not matter.
  static func recipe(tasks count: Int = 2, _ change: (inout Recipe) -> Void = { _ in }) -> Recipe {
    var recipe = Recipe(
      tasks: ["a", "b", "c", "d"].prefix(count).map {
        TaskRecipe(name: $0, dataset: $0 == "a" ? .syntheticInk : .syntheticNeon)
      })
    recipe.imageSize = size
    recipe.steps = 3
    recipe.batchSize = 4
    recipe.seed = 7
    change(&recipe)
    return recipe
  }

  static let two = [
    dataset(["cat", "dog", "ship", "bird"], stream: 0),
    dataset(["dog", "cat", "tree", "ship"], stream: 1),
  ]

  static let three = two + [dataset(["ship", "bird", "cat"], stream: 2)]

  static func trainer(
    _ recipe: Recipe, _ datasets: [Dataset] = two, on backend: any Backend = CPUBackend(threads: 2)
  ) throws -> Trainer {
    try Trainer(recipe, datasets: datasets, on: backend)
  }

  /// Weights, what the optimizer keeps beside them where it is given, and running statistics.
  static func state(
    _ layers: Sequential, _ optimizer: (any Optimizer)? = nil, on backend: any Backend
  ) throws -> [String: [Float]] {
    var state = try layers.parameters.snapshot(on: backend)
    for parameter in layers.parameters {
      guard let optimizer else { break }
      let kept = optimizer.states.state(of: parameter, optimizer.rule, on: backend)
      for (name, tensor) in zip(optimizer.rule.state, kept.tensors) {
        state["\(parameter.name), \(name)"] = try backend.download(tensor)
      }
      state["\(parameter.name), steps"] = [Float(kept.steps)]
    }
    for buffer in layers.buffers { state[buffer.name] = try backend.download(buffer.value) }
    return state
  }

  static func state(
    _ network: TaskNetwork, _ optimizer: (any Optimizer)? = nil, on backend: any Backend
  ) throws -> [[String: [Float]]] {
    try [
      state(network.extractor.layers, optimizer, on: backend),
      state(network.head.layers, optimizer, on: backend),
      network.ownRotationHead.map { try state($0.head.layers, optimizer, on: backend) } ?? [:],
    ]
  }

  /// Everything that a training leaves.
  static func state(_ trainer: Trainer, on backend: any Backend) throws -> [[String: [Float]]] {
    var all = try trainer.networks.flatMap { try state($0, trainer.optimizer, on: backend) }
    for head in [trainer.selfSupervisedHeads.first, trainer.commonClassesHead] {
      all.append(try head.map { try state($0.head.layers, trainer.optimizer, on: backend) } ?? [:])
    }
    return all
  }

  /// The state after a whole training.
  static func trained(
    _ recipe: Recipe, _ datasets: [Dataset] = two, threads: Int = 2
  ) throws -> [[String: [Float]]] {
    let backend = CPUBackend(threads: threads)
    let trainer = try trainer(recipe, datasets, on: backend)
    try trainer.run()
    return try state(trainer, on: backend)
  }

  static func temporaryFolder() throws -> String {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "dovetail-training-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder.path
  }
}
