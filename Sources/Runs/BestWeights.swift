import Datasets
import Evaluation
import Recipes
import Training

/// The best weights of a run so far: their step, and what it goes by.
struct BestWeights: Codable, Equatable {
  /// Of each task.
  var step: Int
  /// Mean over the tasks of own accuracy on the held-out images.
  var accuracy: Double

  /// Keeps the trainer's weights where they are the best so far; of equals the earlier.
  static func update(
    _ best: inout BestWeights?, step: Int, accuracy: Double, _ trainer: Trainer
  ) {
    if let best, best.accuracy >= accuracy { return }
    best = BestWeights(step: step, accuracy: accuracy)
    trainer.keepWeights()
  }
}
