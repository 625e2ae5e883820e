public import Autograd
public import Tensors

/// The classification layer: x·w + b, x `[N, C]`, w `[C, K]` uniform in ±1/√C at first
/// (`Initializer.uniformFanIn`), b `[K]` zeros: `[N, K]`.
public struct Linear: Layer {
  /// w, `[C, K]`.
  public let weight: Parameter
  /// b, `[K]`.
  public let bias: Parameter

  /// - Parameters:
  ///   - name: of the layer; its tensors are `<name>.weight` and `<name>.bias`.
  ///   - inputs: C.
  ///   - outputs: K.
  ///   - backend: where the weights are.
  ///   - seed: of the fresh weights.
  ///   - stream: of the weight's random numbers, its own in the network (`FreshWeights`).
  public init(
    _ name: String, inputs: Int, outputs: Int, on backend: any Backend, seed: UInt64,
    stream: UInt32
  ) {
    let shape: Shape = [inputs, outputs]
    let values = Initializer.uniformFanIn(shape, seed: seed, stream: stream)
    weight = Parameter("\(name).weight", backend.makeTensor(shape, values))
    bias = Parameter("\(name).bias", backend.makeTensor([outputs], filledWith: 0))
  }

  public var parameters: [Parameter] { [weight, bias] }
  public var buffers: [Buffer] { [] }

  public func callAsFunction(_ x: Variable, _ context: ForwardContext) -> Variable {
    context.tape.linear(x, weight.variable, bias.variable)
  }

  public func describe(_ x: LayerGraph.Value, in graph: inout LayerGraph) -> LayerGraph.Value {
    graph.linear(x, weight, bias)
  }
}

/// The mean over height and width, whatever they are: `[N, H, W, C]` to `[N, C]`.
public struct GlobalAveragePool: Layer {
  public init() {}
  public var parameters: [Parameter] { [] }
  public var buffers: [Buffer] { [] }

  public func callAsFunction(_ x: Variable, _ context: ForwardContext) -> Variable {
    context.tape.globalAveragePool(x)
  }

  public func describe(_ x: LayerGraph.Value, in graph: inout LayerGraph) -> LayerGraph.Value {
    graph.globalAveragePool(x)
  }
}
