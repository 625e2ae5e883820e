public import Autograd
public import Tensors

/// The classification layer: x·w + b, w `[C, K]`, b `[K]` zeros at first.
public struct Linear: Layer {
  public let weight: Parameter
  public let bias: Parameter

  public init(
    _ name: String, from inputs: Int, to outputs: Int, on backend: any Backend, seed: UInt64,
    stream: UInt32
  ) {
    let shape: Shape = [inputs, outputs]
    let values = Initialiser.uniformFanIn(shape, seed: seed, stream: stream)
    weight = Parameter("\(name).weight", backend.makeTensor(shape, values), on: backend)
    bias = Parameter(
      "\(name).bias", backend.makeTensor([outputs], filledWith: 0), on: backend)
  }

  public var parameters: [Parameter] { [weight, bias] }
  public var buffers: [Buffer] { [] }

  public func callAsFunction(_ x: Variable, _ context: ForwardContext) -> Variable {
    context.tape.linear(x, weight.variable, bias.variable)
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
}
