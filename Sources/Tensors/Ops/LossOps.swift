/// Softmax and cross-entropy over the last axis, with ignored examples.
///
///     loss = Σ_{n: label ≥ 0} −log softmax(logits[n])[label[n]] / divisor
///
/// With label smoothing ε (Szegedy et al. 2016) the label's probability is (1 − ε) + ε/K in place of
/// 1, that of every other class ε/K in place of 0:
///
///     loss = Σ_{n: label ≥ 0} −Σ_k q[k] · log softmax(logits[n])[k] / divisor
///
/// logits `[N, K]`, labels `[N]`, loss `[1]`. The divisor is the caller's, so that the mean may be
/// taken over the whole batch although some examples do not count. A label ≥ K is a mistake that
/// is found when the labels are made, not here.
public protocol LossOps {
  /// - Parameters:
  ///   - logits: `[N, K]`.
  ///   - labels: `[N]`; below 0 where an example is ignored.
  ///   - divisor: what the sum is divided by.
  ///   - smoothing: ε, from 0 to below 1.
  ///   - loss: `[1]`, written.
  func softmaxCrossEntropy(
    logits: Tensor, labels: Labels, divisor: Float, smoothing: Float, into loss: Tensor)
  /// dlogits[n] = dloss · (softmax(logits[n]) − q[n]) / divisor, 0 where ignored; without smoothing
  /// q[n] = onehot(label[n]).
  func softmaxCrossEntropyBackward(
    logits: Tensor, labels: Labels, divisor: Float, smoothing: Float, dloss: Tensor,
    into dlogits: Tensor, accumulate: Bool)
}

extension LossOps {
  /// As above, without smoothing.
  public func softmaxCrossEntropy(
    logits: Tensor, labels: Labels, divisor: Float, into loss: Tensor
  ) {
    softmaxCrossEntropy(
      logits: logits, labels: labels, divisor: divisor, smoothing: 0, into: loss)
  }

  /// As above, without smoothing.
  public func softmaxCrossEntropyBackward(
    logits: Tensor, labels: Labels, divisor: Float, dloss: Tensor, into dlogits: Tensor,
    accumulate: Bool
  ) {
    softmaxCrossEntropyBackward(
      logits: logits, labels: labels, divisor: divisor, smoothing: 0, dloss: dloss, into: dlogits,
      accumulate: accumulate)
  }
}

/// The checked sizes of one loss.
public struct LossGeometry: Hashable, Sendable {
  public let n: Int, k: Int

  public init(_ op: OpName, logits: Shape, labels: Labels, loss: Shape) {
    precondition(
      logits.rank == 2 && labels.count == logits[0] && loss.count == 1,
      "\(op): logits \(logits), \(labels.count) labels, loss \(loss) do not agree")
    (n, k) = (logits[0], logits[1])
  }
}
