/// Updates in place.
public protocol OptimizerOps {
  /// Stochastic gradient descent with momentum and weight decay (as in PyTorch, no dampening), for
  /// any number of parameters at once:
  ///
  ///     v := momentum·v + (g + weightDecay·w)
  ///     w := w − learningRate·v
  ///
  /// - Parameter notes: where to note updates whose v came out not to be finite, or nil.
  func momentumStep(
    _ updates: [MomentumUpdate], learningRate: Float, momentum: Float, weightDecay: Float,
    notes: NonFiniteNotes?)
}

extension OptimizerOps {
  /// As above, without notes.
  public func momentumStep(
    _ updates: [MomentumUpdate], learningRate: Float, momentum: Float, weightDecay: Float
  ) {
    momentumStep(
      updates, learningRate: learningRate, momentum: momentum, weightDecay: weightDecay, notes: nil)
  }
}

/// A look at every gradient for the price of one operation an element, as the optimiser reads them
/// all anyway: tensor[slot] becomes `mark` where an update is not finite and tensor[slot] is 0. An
/// update is finite where its gradient, its weight and its momentum are.
public struct NonFiniteNotes {
  public let tensor: Tensor
  /// Of each update, its element of the tensor.
  public let slots: [Int]
  /// For example the step, counted from 1.
  public let mark: Float

  /// - Precondition: the slots are elements of the tensor, the mark is not 0.
  public init(in tensor: Tensor, slots: [Int], mark: Float) {
    precondition(
      mark != 0 && slots.allSatisfy { 0..<tensor.count ~= $0 },
      "notes of slots \(slots) in \(tensor.shape), mark \(mark)")
    (self.tensor, self.slots, self.mark) = (tensor, slots, mark)
  }
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
