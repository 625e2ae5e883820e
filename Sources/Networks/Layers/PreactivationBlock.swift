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

  /// - Parameters:
  ///   - name: of the block; it begins the names of its tensors.
  ///   - inputChannels: C.
  ///   - outputChannels: K.
  ///   - stride: of the first convolution, and of the shortcut.
  ///   - backend: where the weights are.
  ///   - seed: of the fresh weights.
  ///   - stream: of the first filter; the other two have the next ones.
  public init(
    _ name: String, inputChannels: Int, outputChannels: Int, stride: Int, on backend: any Backend,
    seed: UInt64, stream: UInt32
  ) {
    bn1 = BatchNorm("\(name).bn1", channels: inputChannels, activation: .relu, on: backend)
    conv1 = Convolution(
      "\(name).conv1", inputChannels: inputChannels, outputChannels: outputChannels,
      stride: stride, on: backend, seed: seed, stream: stream)
    bn2 = BatchNorm("\(name).bn2", channels: outputChannels, activation: .relu, on: backend)
    conv2 = Convolution(
      "\(name).conv2", inputChannels: outputChannels, outputChannels: outputChannels, on: backend,
      seed: seed, stream: stream + 1)
    projection =
      inputChannels == outputChannels && stride == 1
      ? nil
      : Convolution(
        "\(name).convShortcut", inputChannels: inputChannels, outputChannels: outputChannels,
        kernelSize: 1, stride: stride, on: backend, seed: seed, stream: stream + 2)
  }

  private var layers: [any Layer] {
    let body: [any Layer] = [bn1, conv1, bn2, conv2]
    return body + (projection.map { [$0] } ?? [])
  }
  public var parameters: [Parameter] { layers.flatMap(\.parameters) }
  public var buffers: [Buffer] { layers.flatMap(\.buffers) }
  public var isBlock: Bool { true }

  public func callAsFunction(_ x: Variable, _ context: ForwardContext) -> Variable {
    let active = bn1(x, context)
    let hidden = conv2(bn2(conv1(active, context), context), context)
    return context.tape.add(hidden, projection?(active, context) ?? x)
  }

  public func describe(_ x: LayerGraph.Value, in graph: inout LayerGraph) -> LayerGraph.Value {
    let active = bn1.describe(x, in: &graph)
    let hidden = bn2.describe(conv1.describe(active, in: &graph), in: &graph)
    let sum = conv2.describe(hidden, in: &graph)
    return graph.add(sum, projection?.describe(active, in: &graph) ?? x)
  }
}
