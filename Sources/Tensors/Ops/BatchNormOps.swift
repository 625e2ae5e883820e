/// Batch normalization (Ioffe and Szegedy 2015) over all axes but the last, with what follows it in
/// a residual network: the residual join and the activation.
///
///     y = act(γ · (x − μ) / √(σ² + ε) + β + residual)
///
/// x, y, residual `[N, H, W, C]` (or any rank, channels last); μ, σ², γ, β `[C]`; M = count / C.
/// Variances are biased (divided by M) unless said otherwise.
///
/// The backward has two halves: `completeGradient` once dloss/dy is whole, then
/// `batchNormDataGradient`. Convolutions do either while they store or read (`Fusion`).
public protocol BatchNormOps {
  /// mean[c] = Σ x / M, variance[c] = Σ (x − mean)² / M; never E[x²] − μ².
  /// - Parameters:
  ///   - source: x, or what a convolution left of it.
  ///   - mean: μ, written.
  ///   - variance: σ², written.
  ///   - running: moved towards them, where given.
  func batchNormStatistics(
    of source: StatisticsSource, mean: Tensor, variance: Tensor, running: RunningStatistics?)

  /// - Parameters:
  ///   - x: what is normalized.
  ///   - normalization: μ, σ², γ, β and the activation.
  ///   - residual: added before the activation, or nil.
  ///   - y: written.
  func batchNorm(
    x: Tensor, _ normalization: ChannelNormalization, residual: Tensor?, into y: Tensor)

  /// g := g · act′ in place, and its sums; see `GradientCompletion`.
  func completeGradient(_ g: Tensor, _ completion: GradientCompletion)

  /// dx from a completed g; see `OutputGradient.BatchNorm`.
  /// - Precondition: `dy.through` is not nil.
  func batchNormDataGradient(_ dy: OutputGradient, into dx: Tensor, accumulate: Bool)
}

extension BatchNormOps {
  /// The statistics of x alone.
  public func batchNormStatistics(x: Tensor, mean: Tensor, variance: Tensor) {
    batchNormStatistics(of: .tensor(x), mean: mean, variance: variance, running: nil)
  }
}

/// Where a gradient goes, and whether it is added to what stands there.
public struct GradientOutput {
  public let tensor: Tensor
  public let accumulate: Bool

  public init(_ tensor: Tensor, accumulate: Bool) {
    self.tensor = tensor
    self.accumulate = accumulate
  }
}

/// The checked sizes of one batch norm: `rows` × `channels`.
public struct BatchNormGeometry: Hashable, Sendable {
  public let rows: Int, channels: Int

  /// - Precondition: `full` all have x's shape, `vectors` all are `[C]`.
  public init(_ op: OpName, x: Tensor, full: [Tensor?], vectors: [Tensor?]) {
    precondition(x.shape.rank >= 2, "\(op): needs channels on the last axis, got \(x.shape)")
    channels = x.shape.sizes.last!
    rows = channels == 0 ? 0 : x.count / channels
    for case let tensor? in full {
      precondition(tensor.shape == x.shape, "\(op): x is \(x.shape), another is \(tensor.shape)")
    }
    for case let vector? in vectors {
      precondition(
        vector.shape == [channels], "\(op): x is \(x.shape), a vector is \(vector.shape)")
    }
  }

  /// - Precondition: besides, the normalization's vectors are `[C]` and `sums`, where given,
  ///   `[2, C]`.
  public init(
    _ op: OpName, x: Tensor, full: [Tensor?], _ normalization: ChannelNormalization,
    vectors: [Tensor?] = [], sums: Tensor? = nil
  ) {
    let n = normalization
    self.init(op, x: x, full: full, vectors: [n.mean, n.variance, n.gamma, n.beta] + vectors)
    precondition(
      sums == nil || sums!.shape == [2, channels],
      "\(op): x is \(x.shape), the sums are \(sums!.shape)")
  }
}
