public import Autograd
public import Tensors

/// The basic block of a Wide ResNet (He et al. 2016b; Zagoruyko and Komodakis 2016): with
/// a = relu(bn(x)), conv(relu(bn(conv(a)))) + shortcut; the shortcut is x or, where the shape
/// changes, a 1×1 convolution of a.
public struct PreactivationBlock: Layer {
  public let bn1: BatchNorm
  public let conv1: Convolution
  public let bn2: BatchNorm
  public let conv2: Convolution
  /// nil where x has the output's shape.
  public let projection: Convolution?

  /// - Parameter stream: of the first filter; the other two have the next ones.
  public init(
    _ name: String, from channels: Int, to outputs: Int, stride: Int, on backend: any Backend,
    seed: UInt64, stream: UInt32
  ) {
    bn1 = BatchNorm("\(name).bn1", channels: channels, activation: .relu, on: backend)
    conv1 = Convolution(
      "\(name).conv1", from: channels, to: outputs, stride: stride, on: backend, seed: seed,
      stream: stream)
    bn2 = BatchNorm("\(name).bn2", channels: outputs, activation: .relu, on: backend)
    conv2 = Convolution(
      "\(name).conv2", from: outputs, to: outputs, on: backend, seed: seed, stream: stream + 1)
    projection =
      channels == outputs && stride == 1
      ? nil
      : Convolution(
        "\(name).convShortcut", from: channels, to: outputs, size: 1, stride: stride, on: backend,
        seed: seed, stream: stream + 2)
  }

  private var layers: [any Layer] {
    let body: [any Layer] = [bn1, conv1, bn2, conv2]
    return body + (projection.map { [$0] } ?? [])
  }
  public var parameters: [Parameter] { layers.flatMap(\.parameters) }
  public var buffers: [Buffer] { layers.flatMap(\.buffers) }

  public func callAsFunction(_ x: Variable, _ context: ForwardContext) -> Variable {
    let active = bn1(x, context)
    let hidden = conv2(bn2(conv1(active, context), context), context)
    return context.tape.add(hidden, projection?(active, context) ?? x)
  }
}
