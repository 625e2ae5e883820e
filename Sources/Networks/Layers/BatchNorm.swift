public import Autograd
public import Tensors

/// Batch normalization over N, H, W with γ, β `[C]` (1 and 0 at first), optionally followed by a
/// residual join and an activation. ε = 1e-5; running statistics move with momentum 0.1, the
/// variance unbiased, M/(M − 1).
public struct BatchNorm: Layer {
  /// ε.
  public static let epsilon: Float = 1e-5
  /// The share of a batch in the running statistics.
  public static let momentum: Float = 0.1

  /// γ, `[C]`.
  public let gamma: Parameter
  /// β, `[C]`.
  public let beta: Parameter
  /// `[C]`, zeros at first.
  public let runningMean: Buffer
  /// `[C]`, ones at first.
  public let runningVariance: Buffer
  /// What follows, last.
  public let activation: Activation

  /// - Parameters:
  ///   - name: of the layer; its tensors are `<name>.weight` (γ), `.bias` (β), `.running_mean` and
  ///     `.running_var`.
  ///   - channels: C.
  ///   - activation: what follows the normalization.
  ///   - backend: where the weights are.
  public init(_ name: String, channels: Int, activation: Activation, on backend: any Backend) {
    func vector(_ value: Float) -> Tensor {
      backend.makeTensor([channels], filledWith: value)
    }
    gamma = Parameter("\(name).weight", vector(1))
    beta = Parameter("\(name).bias", vector(0))
    runningMean = Buffer("\(name).running_mean", vector(0))
    runningVariance = Buffer("\(name).running_var", vector(1))
    self.activation = activation
  }

  public var parameters: [Parameter] { [gamma, beta] }
  public var buffers: [Buffer] { [runningMean, runningVariance] }

  public func callAsFunction(_ x: Variable, _ context: ForwardContext) -> Variable {
    callAsFunction(x, residual: nil, context)
  }

  public func describe(_ x: LayerGraph.Value, in graph: inout LayerGraph) -> LayerGraph.Value {
    graph.batchNorm(x, self)
  }

  /// act(norm(x) + residual).
  public func callAsFunction(
    _ x: Variable, residual: Variable?, _ context: ForwardContext
  ) -> Variable {
    let (mean, variance, ofBatch) = statistics(of: x, context)
    return context.tape.batchNorm(
      x, gamma: gamma.variable, beta: beta.variable, epsilon: Self.epsilon, mean: mean,
      variance: variance, ofBatch: ofBatch, residual: residual, activation: activation)
  }

  private func statistics(
    of x: Variable, _ context: ForwardContext
  ) -> (mean: Tensor, variance: Tensor, ofBatch: Bool) {
    let backend = context.backend
    let updateRunning: Bool
    switch context.statistics {
    case .running: return (runningMean.value, runningVariance.value, false)
    case .blended(let sourceImages): return blended(x, sourceImages: sourceImages, context)
    case .batch(let updates): updateRunning = updates
    }
    let mean = backend.makeTensor(gamma.value.shape)
    let variance = backend.makeTensor(gamma.value.shape)
    // A frozen layer keeps its running statistics and still normalizes by the batch.
    let running =
      updateRunning && !gamma.isFrozen
      ? RunningStatistics(
        mean: runningMean.value, variance: runningVariance.value, momentum: Self.momentum) : nil
    backend.batchNormStatistics(
      of: x.statisticsSource, mean: mean, variance: variance, running: running)
    context.observer?(self, mean, variance, x.shape.count / gamma.value.count)
    return (mean, variance, true)
  }

  /// Copies of the running statistics, moved by the share that the batch's images have in all.
  private func blended(
    _ x: Variable, sourceImages: Int, _ context: ForwardContext
  ) -> (mean: Tensor, variance: Tensor, ofBatch: Bool) {
    let backend = context.backend
    func copy(_ buffer: Buffer) -> Tensor {
      let copy = backend.makeTensor(buffer.value.shape)
      backend.copy(buffer.value, to: copy)
      return copy
    }
    let blended = RunningStatistics(
      mean: copy(runningMean), variance: copy(runningVariance),
      momentum: Float(Double(x.shape[0]) / Double(x.shape[0] + sourceImages)))
    backend.batchNormStatistics(
      of: x.statisticsSource, mean: backend.makeTensor(gamma.value.shape),
      variance: backend.makeTensor(gamma.value.shape), running: blended)
    context.observer?(self, blended.mean, blended.variance, x.shape.count / gamma.value.count)
    return (blended.mean, blended.variance, false)
  }
}
