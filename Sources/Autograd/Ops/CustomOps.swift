public import Tensors

extension Tape {
  /// An op that no one here knows: its output is computed already, for example by a `CustomKernel`.
  /// - Parameters:
  ///   - output: what the op came to.
  ///   - inputs: what it was computed from, in the pullback's order.
  ///   - pullback: given dloss/doutput, makes dloss/dinput for each input, nil for one whose
  ///     gradient is not wanted or 0; they are added to what other uses gave. It captures tensors
  ///     and inputs, never the output variable (that would be a cycle).
  public func custom(
    _ output: Tensor, of inputs: [Variable],
    pullback: @escaping (_ dy: Tensor) -> [Tensor?]
  ) -> Variable {
    result(output, of: inputs) { [backend] dy in
      let gradients = pullback(dy)
      precondition(
        gradients.count == inputs.count,
        "custom: \(gradients.count) gradients for \(inputs.count) inputs")
      for (input, gradient) in zip(inputs, gradients) where input.needsGradient {
        guard let gradient else { continue }
        precondition(
          gradient.shape == input.shape,
          "custom: gradient \(gradient.shape) of an input \(input.shape)")
        input.addGradient(gradient, on: backend)
      }
    }
  }
}
