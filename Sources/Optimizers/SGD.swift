import Autograd
public import Tensors

/// Stochastic gradient descent with momentum and weight decay, for every parameter alike, batch
/// norm's included (ours: the paper does not say).
public struct SGD: Sendable {
  public var momentum: Float
  public var weightDecay: Float

  public init(momentum: Float = 0.9, weightDecay: Float = 1e-4) {
    self.momentum = momentum
    self.weightDecay = weightDecay
  }

  /// v := momentum·v + (g + weightDecay·w), w := w − learningRate·v for every parameter that took
  /// part in the last backward and is not frozen; all others keep value and momentum and get no
  /// decay. Then forgets the gradients. A parameter listed twice is updated once.
  /// - Parameter watch: notes updates that are not finite, as of its step.
  public func step(
    _ parameters: [Parameter], learningRate: Float, on backend: any Backend,
    watch: (watch: GradientWatch, step: Int)? = nil
  ) {
    var updates: [MomentumUpdate] = []
    var updated: [Parameter] = []
    for parameter in parameters {
      if let gradient = parameter.variable.slicedGradient, !parameter.isFrozen {
        updates.append(
          MomentumUpdate(w: parameter.value, g: gradient, v: parameter.momentum))
        updated.append(parameter)
      }
      parameter.variable.clearGradient()
    }
    backend.momentumStep(
      updates, learningRate: learningRate, momentum: momentum, weightDecay: weightDecay,
      notes: watch.flatMap { $0.watch.notes(for: updated, step: $0.step) })
  }
}
