/// Batch normalisation (Ioffe and Szegedy 2015) over all axes but the last, with what follows it in
/// a residual network: the residual join and ReLU.
///
///     y = act(γ · (x − μ) / √(σ² + ε) + β + residual)
///
/// x, y, residual `[N, H, W, C]` (or any rank, channels last); μ, σ², γ, β `[C]`; M = count / C.
/// Variances are biased (divided by M) unless said otherwise.
public protocol BatchNormOps {
  /// mean[c] = Σ x / M, variance[c] = Σ (x − mean)² / M; never E[x²] − μ².
  func batchNormStatistics(x: Tensor, mean: Tensor, variance: Tensor)

  /// - Parameters:
  ///   - residual: added before the activation, or nil.
  ///   - activation: act.
  func batchNorm(
    x: Tensor, mean: Tensor, variance: Tensor, gamma: Tensor, beta: Tensor, epsilon: Float,
    residual: Tensor?, activation: Activation, into y: Tensor)

  /// With g = dy · act′, told from y (`Activation`), and x̂ = (x − μ)/√(σ² + ε):
  ///
  ///     dβ = Σ g,  dγ = Σ g·x̂,  dresidual = g
  ///     dx = γ/√(σ² + ε) · (g − dβ/M − x̂·dγ/M)   where μ, σ² are the batch's own (`ofBatch`)
  ///     dx = γ/√(σ² + ε) · g                      where they are constants
  ///
  /// Any of dx, dgamma, dbeta, dresidual may be nil: not wanted.
  func batchNormBackward(
    dy: Tensor, x: Tensor, y: Tensor, mean: Tensor, variance: Tensor, gamma: Tensor,
    epsilon: Float, activation: Activation, ofBatch: Bool,
    dx: GradientOutput?, dgamma: GradientOutput?, dbeta: GradientOutput?,
    dresidual: GradientOutput?)
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
}
