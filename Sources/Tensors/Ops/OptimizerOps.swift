/// Updates in place.
public protocol OptimizerOps {
  /// Stochastic gradient descent with momentum and weight decay (as in PyTorch, no dampening), for
  /// any number of parameters at once:
  ///
  ///     v := momentum·v + (g + weightDecay·w)
  ///     w := w − learningRate·v
  func momentumStep(
    _ updates: [MomentumUpdate], learningRate: Float, momentum: Float, weightDecay: Float)
}

/// One parameter's part in a step.
public struct MomentumUpdate {
  public let w: Tensor, v: Tensor
  /// w's shape, or `[slices] + ` w's shape: g is then the sum of the slices, in order.
  public let g: Tensor

  /// - Precondition: the shapes agree.
  public init(w: Tensor, g: Tensor, v: Tensor) {
    precondition(
      w.shape == v.shape && (g.shape == w.shape || g.shape.sizes.dropFirst() == w.shape.sizes[...]),
      "momentumStep: w \(w.shape), g \(g.shape), v \(v.shape)")
    (self.w, self.g, self.v) = (w, g, v)
  }

  public var slices: Int { g.shape == w.shape ? 1 : g.shape[0] }
}
