public import Tensors

/// A tensor on the tape and, after `Tape.backward`, the gradient of the loss with respect to it.
public final class Variable {
  public let value: Tensor
  /// Whether gradients are wanted here or behind here.
  public let needsGradient: Bool
  /// dloss/dvalue as summed so far; nil until something has been added to it.
  public internal(set) var gradient: Tensor?

  public init(_ value: Tensor, needsGradient: Bool = false) {
    self.value = value
    self.needsGradient = needsGradient
  }

  public var shape: Shape { value.shape }

  /// Forgets the gradient: the next one starts from nothing.
  public func clearGradient() { gradient = nil }

  /// The output that a pullback's gradient op should write to, or nil where none is wanted. The
  /// first contribution overwrites, later ones add.
  func gradientOutput(on backend: any Backend) -> GradientOutput? {
    guard needsGradient else { return nil }
    if let gradient { return GradientOutput(gradient, accumulate: true) }
    let fresh = backend.makeTensor(value.shape)
    gradient = fresh
    return GradientOutput(fresh, accumulate: false)
  }
}
