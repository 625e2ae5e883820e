public import Autograd
public import Tensors

/// A trainable tensor. A class: sharing a head means holding the same object. What an optimizer
/// keeps of it is the optimizer's.
public final class Parameter {
  /// Dotted path inside its component, for example `layer1.0.conv1.weight`.
  public let name: String
  /// Leaf of every tape; its gradient is nil unless the parameter took part in the last backward.
  public private(set) var variable: Variable
  /// A frozen parameter gets no gradient, no update and no decay, and still passes gradient on.
  public var isFrozen = false {
    didSet { variable = Variable(value, needsGradient: !isFrozen) }
  }

  public var value: Tensor { variable.value }
  public var gradient: Tensor? { variable.gradient }

  public init(_ name: String, _ value: Tensor) {
    self.name = name
    variable = Variable(value, needsGradient: true)
  }
}

/// State that is kept beside the parameters and is not trained: batch norm's running statistics.
public final class Buffer {
  public let name: String
  public let value: Tensor

  public init(_ name: String, _ value: Tensor) {
    self.name = name
    self.value = value
  }
}
