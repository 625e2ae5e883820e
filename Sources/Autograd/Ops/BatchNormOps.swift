public import Tensors

extension Tape {
  /// y = act(γ·(x − μ)/√(σ² + ε) + β + residual); see `BatchNormOps`. μ and σ² `[C]` are the
  /// batch's own where `ofBatch` (then the gradient passes through them), else constants. Deferred
  /// where nothing is added. Keeps x, μ, σ² and, where something is added, y.
  public func batchNorm(
    _ x: Variable, gamma: Variable, beta: Variable, epsilon: Float, mean: Tensor,
    variance: Tensor, ofBatch: Bool, residual: Variable? = nil, activation: Activation = .none
  ) -> Variable {
    let normalization = ChannelNormalization(
      mean: mean, variance: variance, gamma: gamma.value, beta: beta.value, epsilon: epsilon,
      activation: activation)
    if !isRecording && !ofBatch {
      let added = residual?.value
      if let pending = x.pending {
        return Variable(pending.run(FollowingNormalization(normalization, residual: added)))
      }
    }
    let inputs = [x, gamma, beta] + (residual.map { [$0] } ?? [])
    let input = x.value
    let output: Variable
    var joined: Tensor?
    if let residual {
      let y = backend.makeTensor(x.shape)
      backend.batchNorm(x: input, normalization, residual: residual.passingValue, into: y)
      output = Variable(y, needsGradient: records(inputs))
      joined = y
    } else {
      output = Variable(
        normalizing: input, normalization, on: backend, needsGradient: records(inputs))
    }
    guard output.needsGradient else { return output }

    let sums = Sums()
    output.completion = { [backend, joined] in
      let made = backend.makeTensor([2, normalization.gamma.count])
      sums.tensor = made
      return GradientCompletion(
        input: input, normalization: normalization, output: joined, sums: made,
        dgamma: gamma.gradientOutput(on: backend), dbeta: beta.gradientOutput(on: backend))
    }
    record(output, of: inputs) { [backend] g in
      residual?.addGradient(g.tensor, on: backend)
      x.addGradient(
        g.tensor,
        through: OutputGradient.BatchNorm(
          input: input, normalization: normalization, sums: sums.tensor!, ofBatch: ofBatch),
        on: backend)
    }
    return output
  }

  /// What the completion of a gradient leaves for its pullback.
  private final class Sums { var tensor: Tensor? }
}
