public import Autograd
public import Tensors

/// The basic block of He et al. 2016: relu(bn(conv(relu(bn(conv(x))))) + shortcut(x)), with the
/// parameter-free shortcut (option A) where the shape changes.
public struct ResidualBlock: Layer {
  public let conv1: Convolution
  public let bn1: BatchNorm
  public let conv2: Convolution
  public let bn2: BatchNorm
  public let stride: Int
  public let outputChannels: Int

  /// - Parameters:
  ///   - inputChannels: at most `outputChannels`: option A adds channels, it takes none away.
  ///   - stream: of the first filter; the second has the next one.
  public init(
    _ name: String, inputChannels: Int, outputChannels: Int, stride: Int, on backend: any Backend,
    seed: UInt64, stream: UInt32
  ) {
    conv1 = Convolution(
      "\(name).conv1", inputChannels: inputChannels, outputChannels: outputChannels,
      stride: stride, on: backend, seed: seed, stream: stream)
    bn1 = BatchNorm("\(name).bn1", channels: outputChannels, activation: .relu, on: backend)
    conv2 = Convolution(
      "\(name).conv2", inputChannels: outputChannels, outputChannels: outputChannels, on: backend,
      seed: seed, stream: stream + 1)
    bn2 = BatchNorm("\(name).bn2", channels: outputChannels, activation: .relu, on: backend)
    self.stride = stride
    self.outputChannels = outputChannels
  }

  private var layers: [any Layer] { [conv1, bn1, conv2, bn2] }
  public var parameters: [Parameter] { layers.flatMap(\.parameters) }
  public var buffers: [Buffer] { layers.flatMap(\.buffers) }

  public func callAsFunction(_ x: Variable, _ context: ForwardContext) -> Variable {
    // conv1 before the shortcut: its gradient is then the last to be added to x's, and a
    // convolution does what batch norm's backward wants of the sum while it stores it.
    let convolved = conv1(x, context)
    let sameShape = stride == 1 && x.shape.sizes.last == outputChannels
    let shortcut =
      sameShape ? x : context.tape.shortcut(x, stride: stride, channels: outputChannels)
    let hidden = bn1(convolved, context)
    return bn2(conv2(hidden, context), residual: shortcut, context)
  }

  public func describe(_ x: LayerGraph.Value, in graph: inout LayerGraph) -> LayerGraph.Value {
    let inputChannels = conv1.weight.value.shape[2]
    let sameShape = stride == 1 && inputChannels == outputChannels
    let shortcut =
      sameShape
      ? x
      : graph.shortcut(
        x, inputChannels: inputChannels, outputChannels: outputChannels, stride: stride)
    let hidden = bn1.describe(conv1.describe(x, in: &graph), in: &graph)
    return graph.batchNorm(conv2.describe(hidden, in: &graph), bn2, residual: shortcut)
  }
}
