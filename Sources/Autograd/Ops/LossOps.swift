public import Tensors

extension Tape {
  /// Σ −log softmax(logits)[label] / divisor over the examples that are not ignored: `[1]`. logits
  /// `[N, K]`. Keeps the logits.
  /// - Parameters:
  ///   - logits: `[N, K]`.
  ///   - labels: `[N]`; those that are ignored do not count.
  ///   - divisor: what the sum is divided by.
  ///   - smoothing: label smoothing ε (`LossOps`).
  public func softmaxCrossEntropy(
    _ logits: Variable, _ labels: Labels, divisor: Float, smoothing: Float = 0
  ) -> Variable {
    let loss = backend.makeTensor([1])
    backend.softmaxCrossEntropy(
      logits: logits.value, labels: labels, divisor: divisor, smoothing: smoothing,
      into: loss)
    return result(loss, of: [logits]) { [backend] dloss in
      guard let dlogits = logits.gradientOutput(on: backend) else { return }
      backend.softmaxCrossEntropyBackward(
        logits: logits.value, labels: labels, divisor: divisor, smoothing: smoothing,
        dloss: dloss, into: dlogits.tensor, accumulate: dlogits.accumulate)
    }
  }
}
