import Foundation

/// The learning rate of one minibatch, counted over all tasks that are trained together.
package struct LearningRate {
  let recipe: Recipe
  /// Minibatches in all.
  let total: Int

  package init(recipe: Recipe, total: Int) {
    self.recipe = recipe
    self.total = total
  }

  /// - Parameter minibatch: 0-based.
  package func at(_ minibatch: Int) -> Float {
    let warm = Int((Double(total) * recipe.warmup).rounded())
    if minibatch < warm {
      return Float(recipe.learningRate * Double(minibatch + 1) / Double(warm))
    }
    let progress = Double(minibatch - warm) / Double(max(total - warm, 1))
    switch recipe.schedule {
    case .cosine: return Float(recipe.learningRate * 0.5 * (1 + cos(.pi * progress)))
    case .constant: return Float(recipe.learningRate)
    case .steps:
      let share = Double(minibatch) / Double(max(total, 1))
      return Float(recipe.learningRate * (share < 0.5 ? 1 : share < 0.75 ? 0.1 : 0.01))
    }
  }
}
