import Components
public import Datasets
import Evaluation
public import Tensors
import Training

/// What a training does first, on blank images: for a backend that only writes down which kernels
/// that takes, so that they can be compiled by several at once.
public enum Rehearsal {
  /// A step of every task, and a minibatch of measuring.
  /// - Parameters:
  ///   - recipe: what is to be trained.
  ///   - datasets: of which names and classes are used, and no image.
  ///   - backend: what writes down the launches.
  public static func run(
    _ recipe: Recipe, datasets: [Dataset], on backend: any Backend
  ) throws {
    var recipe = recipe
    recipe.validation = 0
    let blank = datasets.map { dataset in
      func images(_ count: Int) -> ImageSet {
        let bytes = count * recipe.imageSize * recipe.imageSize * 3
        return ImageSet(
          bytes: [UInt8](repeating: 0, count: bytes),
          labels: [Int32](repeating: 0, count: count), size: recipe.imageSize)
      }
      return Dataset(
        name: dataset.name, classNames: dataset.classNames, train: images(recipe.batchSize),
        test: images(1), merged: dataset.merged)
    }
    let trainer = try Trainer(recipe, datasets: blank, on: backend)
    for network in trainer.networks {
      try trainer.step(network, step: 0, learningRate: 0)
    }
    guard recipe.objective == .target else { return }
    let evaluator = Evaluator(batchSize: recipe.batchSize, on: backend)
    for (index, network) in trainer.networks.enumerated() {
      _ = try evaluator.evaluate(
        try Recombination(network.extractor, network.head), on: network.dataset.test,
        labelNames: trainer.classMap.names[index])
    }
  }
}
