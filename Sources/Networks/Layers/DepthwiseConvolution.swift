public import Autograd
public import Tensors

/// A convolution of each channel by itself, without bias (batch norm follows): x `[N, H, W, C]`
/// with w `[R, R, C]` gives `[N, P, Q, C]`. Starts with variance 2/R² (`Initializer.heFanOut`).
public struct DepthwiseConvolution: Layer {
  /// w, `[R, R, C]`.
  public let weight: Parameter
  public let stride: Int
  /// Zeros on each side, pixels.
  public let padding: Int

  /// - Parameters:
  ///   - name: of the layer; the weight is `<name>.weight`.
  ///   - channels: C.
  ///   - kernelSize: R, odd; padding is (R − 1)/2.
  ///   - stride: pixels of the input from one output to the next.
  ///   - backend: where the weights are.
  ///   - seed: of the fresh weights.
  ///   - stream: of the filter's random numbers, its own in the network (`FreshWeights`).
  public init(
    _ name: String, channels: Int, kernelSize: Int = 3, stride: Int = 1, on backend: any Backend,
    seed: UInt64, stream: UInt32
  ) {
    let shape: Shape = [kernelSize, kernelSize, channels]
    let values = Initializer.heFanOut(depthwise: shape, seed: seed, stream: stream)
    weight = Parameter("\(name).weight", backend.makeTensor(shape, values))
    self.stride = stride
    padding = (kernelSize - 1) / 2
  }

  public var parameters: [Parameter] { [weight] }
  public var buffers: [Buffer] { [] }

  public func callAsFunction(_ x: Variable, _ context: ForwardContext) -> Variable {
    context.tape.depthwiseConvolution(x, weight.variable, stride: stride, padding: padding)
  }

  public func describe(_ x: LayerGraph.Value, in graph: inout LayerGraph) -> LayerGraph.Value {
    graph.depthwiseConvolution(x, weight, stride: stride, padding: padding)
  }
}
