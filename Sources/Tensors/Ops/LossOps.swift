/// Softmax and cross-entropy over the last axis, with ignored examples.
///
///     loss = Σ_{n: label ≥ 0} −log softmax(logits[n])[label[n]] / divisor
///
/// logits `[N, K]`, labels `[N]`, loss `[1]`. The divisor is the caller's, so that the mean may be
/// taken over the whole batch although some examples do not count. A label ≥ K is a mistake that
/// is found when the labels are made, not here.
public protocol LossOps {
  func softmaxCrossEntropy(logits: Tensor, labels: Labels, divisor: Float, into loss: Tensor)
  /// dlogits[n] = dloss · (softmax(logits[n]) − onehot(label[n])) / divisor, 0 where ignored.
  func softmaxCrossEntropyBackward(
    logits: Tensor, labels: Labels, divisor: Float, dloss: Tensor, into dlogits: Tensor,
    accumulate: Bool)
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
