import Foundation
public import Tensors

extension CPUBackend {
  public func softmaxCrossEntropy(
    logits: Tensor, labels: Labels, divisor: Float, smoothing: Float, into loss: Tensor
  ) {
    let g = LossGeometry(
      .softmaxCrossEntropyForward, logits: logits.shape, labels: labels, loss: loss.shape)
    let rows = pointer(logits)
    let classes = elements(labels.storage, Int32.self)
    var sum = 0.0
    for n in 0..<g.n where classes[n] >= 0 {
      let row = rows + n * g.k
      let (top, total) = softmaxTerms(row, g.k)
      let surprise = log(total) + top
      let loss = surprise - row[Int(classes[n])]
      if smoothing > 0 {
        var mean: Float = 0
        for k in 0..<g.k { mean += surprise - row[k] }
        sum += Double((1 - smoothing) * loss + smoothing * (mean / Float(g.k)))
      } else {
        sum += Double(loss)
      }
    }
    pointer(loss).pointee = Float(sum / Double(divisor))
  }

  public func softmaxCrossEntropyBackward(
    logits: Tensor, labels: Labels, divisor: Float, smoothing: Float, dloss: Tensor,
    into dlogits: Tensor, accumulate: Bool
  ) {
    let g = LossGeometry(
      .softmaxCrossEntropyBackward, logits: logits.shape, labels: labels, loss: dloss.shape)
    precondition(
      dlogits.shape == logits.shape,
      "softmaxCrossEntropyBackward: logits \(logits.shape), dlogits \(dlogits.shape)")
    let (rows, out) = (pointer(logits), pointer(dlogits))
    let classes = elements(labels.storage, Int32.self)
    let scale = pointer(dloss).pointee / divisor
    let (low, high) = (smoothing / Float(g.k), 1 - smoothing + smoothing / Float(g.k))
    for n in 0..<g.n {
      let row = rows + n * g.k
      let (top, total) = softmaxTerms(row, g.k)
      for k in 0..<g.k {
        let d =
          classes[n] < 0
          ? 0 : scale * (exp(row[k] - top) / total - (k == Int(classes[n]) ? high : low))
        out[n * g.k + k] = accumulate ? out[n * g.k + k] + d : d
      }
    }
  }

  /// The largest logit, and Σ exp(logit − largest).
  private func softmaxTerms(_ row: UnsafePointer<Float>, _ k: Int) -> (top: Float, total: Float) {
    var top = row[0]
    for i in 1..<max(k, 1) where row[i] > top { top = row[i] }
    var total: Float = 0
    for i in 0..<k { total += exp(row[i] - top) }
    return (top, total)
  }
}
