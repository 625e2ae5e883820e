/// Element-wise ops on tensors of any equal shape.
public protocol ActivationOps {
  /// y = max(x, 0).
  func relu(x: Tensor, into y: Tensor)
  /// dx = dy · [y > 0].
  func reluBackward(dy: Tensor, y: Tensor, into dx: Tensor, accumulate: Bool)
  /// y = a + b. `y` may be the same tensor as `a`: so gradients are summed.
  func add(_ a: Tensor, _ b: Tensor, into y: Tensor)
}
