public import Tensors

/// What layers compute, as a list of standard operations on named weights, with no device: what is
/// exported to other formats. Its operations are those of the tape that layers are made of, under
/// their names; a layer's `describe` reads like its forward pass.
///
/// Images and features are `[N, H, W, C]` here, weights are in this house's shapes; an exporter
/// turns both into those of its format.
public struct LayerGraph: Sendable {
  /// A value that flows through the graph: its input, or what an operation gives.
  public struct Value: Hashable, Sendable {
    /// 0 for the graph's input, i + 1 for what `steps[i]` gives.
    public let index: Int
  }

  /// Weights are named as the parameters and buffers that hold them.
  public enum Operation: Sendable, Hashable {
    /// x `[N, H, W, C]` with w `[R, R, C, K]`, R the kernel size; of a depthwise one each channel
    /// by itself with w `[R, R, C]`, and `groups` is C, else 1. No bias.
    case convolution(weight: String, kernelSize: Int, stride: Int, padding: Int, groups: Int)
    /// γ (x − mean) / √(variance + ε) + β by channel `[C]`, over N, H, W. Which statistics are
    /// meant, those named or the batch's own, depends on how the component is used.
    case batchNorm(
      gamma: String, beta: String, mean: String, variance: String, channels: Int, epsilon: Float)
    /// Never `none`.
    case activation(Activation)
    /// a + b, equal shapes.
    case add
    /// Option A: every stride-th pixel; (K − C)/2 channels of zeros before those of x, rounded
    /// down, the rest behind.
    case shortcut(inputChannels: Int, outputChannels: Int, stride: Int)
    /// Means over window × window squares, without padding.
    case averagePool(window: Int, stride: Int)
    /// The largest over window × window squares; `padding` pixels on each side are never it.
    case maxPool(window: Int, stride: Int, padding: Int)
    /// Means over height and width, `[N, H, W, C]` to `[N, C]`.
    case globalAveragePool
    /// x `[N, H, W, C]` · w `[1, 1, C, K]` + b `[K]` at every position.
    case affine(weight: String, bias: String)
    /// x `[N, C]` · w `[C, K]` + b `[K]`.
    case linear(weight: String, bias: String)
  }

  /// One operation of the graph.
  public struct Step: Sendable, Hashable {
    /// What is computed.
    public let operation: Operation
    /// What it is computed of, in the formula's order, weights apart.
    public let inputs: [Value]
  }

  /// In the order of computing: each reads what stands before it.
  public private(set) var steps: [Step] = []
  /// What the layers give in the end; the input where there are none.
  public private(set) var output = Value(index: 0)
  /// What goes into the first layer.
  public let input = Value(index: 0)

  /// The graph of layers that stand one after the other.
  public init(of layers: Sequential) { output = layers.describe(input, in: &self) }

  private mutating func add(_ operation: Operation, _ inputs: [Value]) -> Value {
    steps.append(Step(operation: operation, inputs: inputs))
    return Value(index: steps.count)
  }
}

// MARK: As on the tape

extension LayerGraph {
  /// - Parameters:
  ///   - x: what goes in.
  ///   - weight: `[R, R, C, K]`.
  ///   - stride: pixels of x from one output to the next.
  ///   - padding: zeros on each side.
  public mutating func convolution(
    _ x: Value, _ weight: Parameter, stride: Int, padding: Int
  ) -> Value {
    add(
      .convolution(
        weight: weight.name, kernelSize: weight.value.shape[0], stride: stride, padding: padding,
        groups: 1), [x])
  }

  /// - Parameters:
  ///   - x: what goes in.
  ///   - weight: `[R, R, C]`.
  ///   - stride: pixels of x from one output to the next.
  ///   - padding: zeros on each side.
  public mutating func depthwiseConvolution(
    _ x: Value, _ weight: Parameter, stride: Int, padding: Int
  ) -> Value {
    let shape = weight.value.shape
    return add(
      .convolution(
        weight: weight.name, kernelSize: shape[0], stride: stride, padding: padding,
        groups: shape[2]), [x])
  }

  /// - Parameters:
  ///   - x: what goes in.
  ///   - weight: `[1, 1, C, K]`.
  ///   - bias: `[K]`.
  public mutating func affine(_ x: Value, _ weight: Parameter, _ bias: Parameter) -> Value {
    add(.affine(weight: weight.name, bias: bias.name), [x])
  }

  /// act(norm(x) + residual), three operations at most.
  public mutating func batchNorm(
    _ x: Value, _ norm: BatchNorm, residual: Value? = nil
  ) -> Value {
    var y = add(
      .batchNorm(
        gamma: norm.gamma.name, beta: norm.beta.name, mean: norm.runningMean.name,
        variance: norm.runningVariance.name, channels: norm.gamma.value.count,
        epsilon: BatchNorm.epsilon), [x])
    if let residual { y = add(y, residual) }
    return activation(y, norm.activation)
  }

  /// act(x); x itself where it is `none`.
  public mutating func activation(_ x: Value, _ activation: Activation) -> Value {
    activation == .none ? x : add(.activation(activation), [x])
  }

  /// a + b, equal shapes.
  public mutating func add(_ a: Value, _ b: Value) -> Value { add(.add, [a, b]) }

  /// Option A: x with every stride-th pixel and zeros for the channels that it lacks.
  public mutating func shortcut(
    _ x: Value, inputChannels: Int, outputChannels: Int, stride: Int
  ) -> Value {
    add(
      .shortcut(inputChannels: inputChannels, outputChannels: outputChannels, stride: stride), [x])
  }

  /// Means over window × window squares, without padding.
  public mutating func averagePool(_ x: Value, window: Int, stride: Int) -> Value {
    add(.averagePool(window: window, stride: stride), [x])
  }

  /// The largest over window × window squares; padding is never it.
  public mutating func maxPool(_ x: Value, window: Int, stride: Int, padding: Int) -> Value {
    add(.maxPool(window: window, stride: stride, padding: padding), [x])
  }

  /// Means over height and width, `[N, H, W, C]` to `[N, C]`.
  public mutating func globalAveragePool(_ x: Value) -> Value { add(.globalAveragePool, [x]) }

  /// x `[N, C]` · weight `[C, K]` + bias `[K]`.
  public mutating func linear(_ x: Value, _ weight: Parameter, _ bias: Parameter) -> Value {
    add(.linear(weight: weight.name, bias: bias.name), [x])
  }
}
