/// Batch norm as a rule of reading: act(γ·(x − μ)/√(σ² + ε) + β), channel by channel.
public struct ChannelNormalization {
  public let mean: Tensor, variance: Tensor, gamma: Tensor, beta: Tensor
  public let epsilon: Float
  public let activation: Activation

  /// - Precondition: μ, σ² (biased), γ, β are `[C]`.
  public init(
    mean: Tensor, variance: Tensor, gamma: Tensor, beta: Tensor, epsilon: Float,
    activation: Activation
  ) {
    (self.mean, self.variance, self.gamma, self.beta) = (mean, variance, gamma, beta)
    (self.epsilon, self.activation) = (epsilon, activation)
  }
}

/// What a convolution reads: a tensor as it is, or normalized on the way in, so that the normalized
/// activation needs no memory and no pass of its own.
public struct ConvolutionInput {
  public let tensor: Tensor
  public let normalization: ChannelNormalization?

  public init(_ tensor: Tensor, _ normalization: ChannelNormalization? = nil) {
    (self.tensor, self.normalization) = (tensor, normalization)
  }
}

/// dloss/dy as an op's backward reads it: a tensor as it is, or taken through the batch norm that
/// followed y, on the way in.
public struct OutputGradient {
  /// dloss/dy; or g, the gradient of what batch norm put out before its activation.
  public let tensor: Tensor
  public let through: BatchNorm?

  /// dy = γ/√(σ² + ε) · (g − Σg/M − x̂·Σg·x̂/M) where μ, σ² are the batch's own (`ofBatch`), else
  /// γ/√(σ² + ε) · g; x̂ = (y − μ)/√(σ² + ε).
  public struct BatchNorm {
    /// y, what the batch norm read.
    public let input: Tensor
    public let normalization: ChannelNormalization
    /// Σ g and Σ g·x̂: `[2, C]`.
    public let sums: Tensor
    public let ofBatch: Bool

    public init(input: Tensor, normalization: ChannelNormalization, sums: Tensor, ofBatch: Bool) {
      (self.input, self.normalization) = (input, normalization)
      (self.sums, self.ofBatch) = (sums, ofBatch)
    }
  }

  public init(_ tensor: Tensor, through batchNorm: BatchNorm? = nil) {
    (self.tensor, through) = (tensor, batchNorm)
  }
}

/// What is left to do once the gradient of a batch norm's output is summed up: take it through the
/// activation, and sum what batch norm's backward needs.
///
///     g = dz · act′,  sums = (Σ g, Σ g·x̂),  dβ = Σ g,  dγ = Σ g·x̂
public struct GradientCompletion {
  /// What the batch norm read, `[…, C]`.
  public let input: Tensor
  public let normalization: ChannelNormalization
  /// What it put out, where that is more than the normalization of `input` (a residual was added);
  /// nil: act′ is told from the normalization, recomputed.
  public let output: Tensor?
  /// `[2, C]`.
  public let sums: Tensor
  public let dgamma: GradientOutput?
  public let dbeta: GradientOutput?

  public init(
    input: Tensor, normalization: ChannelNormalization, output: Tensor?, sums: Tensor,
    dgamma: GradientOutput?, dbeta: GradientOutput?
  ) {
    (self.input, self.normalization, self.output) = (input, normalization, output)
    (self.sums, self.dgamma, self.dbeta) = (sums, dgamma, dbeta)
  }
}

/// What the statistics of a tensor are computed from.
public enum StatisticsSource {
  /// The tensor itself, channels last.
  case tensor(Tensor)
  /// Mean and M2 (Σ (x − mean)²) of tiles of `tileRows` rows each, the last perhaps excepted, as
  /// their producer left them: `[tiles, 2, C]`.
  case tiles(Tensor, tileRows: Int, rows: Int)

  public var rows: Int {
    switch self {
    case .tensor(let x): x.count / max(x.shape.sizes.last ?? 1, 1)
    case .tiles(_, _, let rows): rows
    }
  }
}

/// Statistics over a training, `[C]` each: running := (1 − momentum)·running + momentum·value, the
/// variance unbiased, M/(M − 1) of the biased one.
public struct RunningStatistics {
  public let mean: Tensor, variance: Tensor
  public let momentum: Float

  public init(mean: Tensor, variance: Tensor, momentum: Float) {
    (self.mean, self.variance, self.momentum) = (mean, variance, momentum)
  }

  /// M/(M − 1); 1 where there is but one row.
  public static func unbiased(rows: Int) -> Float {
    rows > 1 ? Float(rows) / Float(rows - 1) : 1
  }
}

/// What follows a convolution whose statistics are known beforehand, as in evaluation by running
/// statistics: act(γ·(y − μ)/√(σ² + ε) + β + residual) is stored in place of y.
public struct FollowingNormalization {
  public let normalization: ChannelNormalization
  /// Of y's shape, or nil.
  public let residual: Tensor?

  public init(_ normalization: ChannelNormalization, residual: Tensor? = nil) {
    (self.normalization, self.residual) = (normalization, residual)
  }
}
