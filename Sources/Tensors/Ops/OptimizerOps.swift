/// Updates in place.
public protocol OptimizerOps {
  /// Stochastic gradient descent with momentum and weight decay (as in PyTorch, no dampening):
  ///
  ///     v := momentum·v + (g + weightDecay·w)
  ///     w := w − learningRate·v
  func momentumStep(
    w: Tensor, g: Tensor, v: Tensor, learningRate: Float, momentum: Float, weightDecay: Float)

  /// running := (1 − momentum)·running + momentum·scale·value. `scale` turns a biased variance into
  /// an unbiased one, M/(M − 1).
  func runningAverage(_ running: Tensor, towards value: Tensor, momentum: Float, scale: Float)
}
