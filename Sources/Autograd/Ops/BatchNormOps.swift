public import Tensors

extension Tape {
  /// y = act(γ·(x − μ)/√(σ² + ε) + β + residual); see `BatchNormOps`. μ and σ² `[C]` are the batch's
  /// own where `ofBatch` (then the gradient passes through them), else constants. Keeps x, y, μ, σ².
  public func batchNorm(
    _ x: Variable, gamma: Variable, beta: Variable, epsilon: Float, mean: Tensor,
    variance: Tensor, ofBatch: Bool, residual: Variable? = nil,
    activation: Activation = .none
  ) -> Variable {
    let y = backend.makeTensor(x.shape)
    backend.batchNorm(
      x: x.value, mean: mean, variance: variance, gamma: gamma.value, beta: beta.value,
      epsilon: epsilon, residual: residual?.value, activation: activation, into: y)
    return result(y, recorded: records(x, gamma, beta, residual)) { [backend] dy in
      // The residual first: were it x itself, dx would then be added to it by the same kernel, so
      // that case takes two calls.
      let shared = residual === x
      let dresidual = residual?.gradientOutput(on: backend)
      let dx = shared ? nil : x.gradientOutput(on: backend)
      func backward(dx: GradientOutput?, parameters: Bool, dresidual: GradientOutput?) {
        backend.batchNormBackward(
          dy: dy, x: x.value, y: y, mean: mean, variance: variance, gamma: gamma.value,
          epsilon: epsilon, activation: activation, ofBatch: ofBatch, dx: dx,
          dgamma: parameters ? gamma.gradientOutput(on: backend) : nil,
          dbeta: parameters ? beta.gradientOutput(on: backend) : nil, dresidual: dresidual)
      }
      backward(dx: dx, parameters: true, dresidual: dresidual)
      if shared, let dx = x.gradientOutput(on: backend) {
        backward(dx: dx, parameters: false, dresidual: nil)
      }
    }
  }
}
