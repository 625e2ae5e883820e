public import Autograd
public import Tensors

/// The basic block of He et al. 2016: relu(bn(conv(relu(bn(conv(x))))) + shortcut(x)), with the
/// parameter-free shortcut (option A) or a 1×1 convolution with batch norm (option B) where the
/// shape changes.
public struct ResidualBlock: Layer {
  public let conv1: Convolution
  public let bn1: BatchNorm
  public let conv2: Convolution
  public let bn2: BatchNorm
  /// Convolution and batch norm of option B; nil for option A, and where x has the output's shape.
  public let projection: (Convolution, BatchNorm)?
  public let stride: Int
  public let outputChannels: Int

  /// - Parameters:
  ///   - name: of the block; it begins the names of its tensors.
  ///   - inputChannels: of option A at most `outputChannels`: it adds channels, it takes none away.
  ///   - outputChannels: K.
  ///   - stride: of the first convolution, and of the shortcut.
  ///   - shortcut: what stands beside the convolutions where the shape changes.
  ///   - backend: where the weights are.
  ///   - seed: of the fresh weights.
  ///   - stream: of the first filter; the second has the next one.
  ///   - shortcutStream: of option B's filter.
  ///   - shortcutName: of option B's layers, which are `<name>.<shortcutName>.0` and `.1`.
  public init(
    _ name: String, inputChannels: Int, outputChannels: Int, stride: Int,
    shortcut: ResidualShortcut = .padding, on backend: any Backend, seed: UInt64,
    stream: UInt32, shortcutStream: UInt32 = 0, shortcutName: String = "shortcut"
  ) {
    conv1 = Convolution(
      "\(name).conv1", inputChannels: inputChannels, outputChannels: outputChannels,
      stride: stride, on: backend, seed: seed, stream: stream)
    bn1 = BatchNorm("\(name).bn1", channels: outputChannels, activation: .relu, on: backend)
    conv2 = Convolution(
      "\(name).conv2", inputChannels: outputChannels, outputChannels: outputChannels, on: backend,
      seed: seed, stream: stream + 1)
    bn2 = BatchNorm("\(name).bn2", channels: outputChannels, activation: .relu, on: backend)
    let changesShape = stride != 1 || inputChannels != outputChannels
    projection =
      shortcut == .projection && changesShape
      ? (
        Convolution(
          "\(name).\(shortcutName).0", inputChannels: inputChannels,
          outputChannels: outputChannels, kernelSize: 1, stride: stride, on: backend, seed: seed,
          stream: shortcutStream),
        BatchNorm(
          "\(name).\(shortcutName).1", channels: outputChannels, activation: .none, on: backend)
      ) : nil
    self.stride = stride
    self.outputChannels = outputChannels
  }

  private var layers: [any Layer] {
    let body: [any Layer] = [conv1, bn1, conv2, bn2]
    return body + (projection.map { [$0.0, $0.1] } ?? [])
  }
  public var parameters: [Parameter] { layers.flatMap(\.parameters) }
  public var buffers: [Buffer] { layers.flatMap(\.buffers) }
  public var isBlock: Bool { true }

  public func callAsFunction(_ x: Variable, _ context: ForwardContext) -> Variable {
    // conv1 before the shortcut: its gradient is then the last to be added to x's, and a
    // convolution does what batch norm's backward wants of the sum while it stores it.
    let convolved = conv1(x, context)
    let sameShape = stride == 1 && x.shape.sizes.last == outputChannels
    let shortcut =
      if let (convolution, norm) = projection {
        norm(convolution(x, context), context)
      } else if sameShape {
        x
      } else {
        context.tape.shortcut(x, stride: stride, channels: outputChannels)
      }
    let hidden = bn1(convolved, context)
    return bn2(conv2(hidden, context), residual: shortcut, context)
  }

  public func describe(_ x: LayerGraph.Value, in graph: inout LayerGraph) -> LayerGraph.Value {
    let inputChannels = conv1.weight.value.shape[2]
    let sameShape = stride == 1 && inputChannels == outputChannels
    let shortcut =
      if let (convolution, norm) = projection {
        norm.describe(convolution.describe(x, in: &graph), in: &graph)
      } else if sameShape {
        x
      } else {
        graph.shortcut(
          x, inputChannels: inputChannels, outputChannels: outputChannels, stride: stride)
      }
    let hidden = bn1.describe(conv1.describe(x, in: &graph), in: &graph)
    return graph.batchNorm(conv2.describe(hidden, in: &graph), bn2, residual: shortcut)
  }
}
