import Foundation

/// The learning rate of one minibatch, counted over all tasks that are trained together.
package struct LearningRate {
  let settings: TrainingSettings
  /// Minibatches in all.
  let total: Int

  package init(_ settings: TrainingSettings, total: Int) {
    self.settings = settings
    self.total = total
  }

  /// - Parameter minibatch: 0-based.
  package func at(_ minibatch: Int) -> Float {
    let warm = Int((Double(total) * settings.warmup).rounded())
    if minibatch < warm {
      return Float(settings.learningRate * Double(minibatch + 1) / Double(warm))
    }
    let progress = Double(minibatch - warm) / Double(max(total - warm, 1))
    switch settings.schedule {
    case .cosine: return Float(settings.learningRate * 0.5 * (1 + cos(.pi * progress)))
    case .constant: return Float(settings.learningRate)
    case .steps:
      let share = Double(minibatch) / Double(max(total, 1))
      return Float(settings.learningRate * (share < 0.5 ? 1 : share < 0.75 ? 0.1 : 0.01))
    }
  }
}
