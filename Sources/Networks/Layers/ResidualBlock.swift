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
  public let outputs: Int

  /// - Parameter stream: of the first filter; the second has the next one.
  public init(
    _ name: String, from channels: Int, to outputs: Int, stride: Int, on backend: any Backend,
    seed: UInt64, stream: UInt32
  ) {
    conv1 = Convolution(
      "\(name).conv1", from: channels, to: outputs, stride: stride, on: backend, seed: seed,
      stream: stream)
    bn1 = BatchNorm("\(name).bn1", channels: outputs, activation: .relu, on: backend)
    conv2 = Convolution(
      "\(name).conv2", from: outputs, to: outputs, on: backend, seed: seed, stream: stream + 1)
    bn2 = BatchNorm("\(name).bn2", channels: outputs, activation: .relu, on: backend)
    self.stride = stride
    self.outputs = outputs
  }

  private var layers: [any Layer] { [conv1, bn1, conv2, bn2] }
  public var parameters: [Parameter] { layers.flatMap(\.parameters) }
  public var buffers: [Buffer] { layers.flatMap(\.buffers) }

  public func callAsFunction(_ x: Variable, _ context: ForwardContext) -> Variable {
    // conv1 before the shortcut: its gradient is then the last to be added to x's, and a
    // convolution does what batch norm's backward wants of the sum while it stores it.
    let convolved = conv1(x, context)
    let sameShape = stride == 1 && x.shape.sizes.last == outputs
    let shortcut =
      sameShape ? x : context.tape.shortcut(x, stride: stride, channels: outputs)
    let hidden = bn1(convolved, context)
    return bn2(conv2(hidden, context), residual: shortcut, context)
  }
}
