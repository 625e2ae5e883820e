public import Autograd
public import Tensors

/// The block of MobileNetV2 (Sandler et al. 2018, Table 1): a 1×1 convolution to t times as many
/// channels (none where t is 1), a 3×3 depthwise convolution, both with batch norm and ReLU6, a 1×1
/// convolution with batch norm alone (the linear bottleneck); plus x where it has the same shape.
public struct InvertedResidual: Layer {
  public let expansion: (convolution: Convolution, norm: BatchNorm)?
  public let depthwise: (convolution: DepthwiseConvolution, norm: BatchNorm)
  public let bottleneck: (convolution: Convolution, norm: BatchNorm)
  /// Whether x is added.
  public let isResidual: Bool

  /// - Parameters:
  ///   - name: of the block; it begins the names of its tensors.
  ///   - inputChannels: C.
  ///   - outputChannels: K.
  ///   - factor: t, by which the channels are multiplied inside.
  ///   - stride: of the depthwise convolution.
  ///   - backend: where the weights are.
  ///   - seed: of the fresh weights.
  ///   - stream: of the first filter; the other two have the next ones.
  public init(
    _ name: String, inputChannels: Int, outputChannels: Int, expansion factor: Int, stride: Int,
    on backend: any Backend, seed: UInt64, stream: UInt32
  ) {
    let hidden = inputChannels * factor
    // torchvision numbers the parts that are there.
    let next = factor == 1 ? 0 : 1
    expansion =
      factor == 1
      ? nil
      : (
        Convolution(
          "\(name).0.0", inputChannels: inputChannels, outputChannels: hidden, kernelSize: 1,
          on: backend, seed: seed, stream: stream),
        BatchNorm("\(name).0.1", channels: hidden, activation: .relu6, on: backend)
      )
    depthwise = (
      DepthwiseConvolution(
        "\(name).\(next).0", channels: hidden, stride: stride, on: backend, seed: seed,
        stream: stream + 1),
      BatchNorm("\(name).\(next).1", channels: hidden, activation: .relu6, on: backend)
    )
    bottleneck = (
      Convolution(
        "\(name).\(next + 1)", inputChannels: hidden, outputChannels: outputChannels,
        kernelSize: 1, on: backend, seed: seed, stream: stream + 2),
      BatchNorm("\(name).\(next + 2)", channels: outputChannels, activation: .none, on: backend)
    )
    isResidual = stride == 1 && inputChannels == outputChannels
  }

  private var layers: [any Layer] {
    let first: [any Layer] = expansion.map { [$0.convolution, $0.norm] } ?? []
    return first + [
      depthwise.convolution, depthwise.norm, bottleneck.convolution, bottleneck.norm,
    ]
  }
  public var parameters: [Parameter] { layers.flatMap(\.parameters) }
  public var buffers: [Buffer] { layers.flatMap(\.buffers) }
  public var isBlock: Bool { true }

  public func callAsFunction(_ x: Variable, _ context: ForwardContext) -> Variable {
    var hidden = x
    if let expansion { hidden = expansion.norm(expansion.convolution(x, context), context) }
    hidden = depthwise.norm(depthwise.convolution(hidden, context), context)
    hidden = bottleneck.convolution(hidden, context)
    return bottleneck.norm(hidden, residual: isResidual ? x : nil, context)
  }

  public func describe(_ x: LayerGraph.Value, in graph: inout LayerGraph) -> LayerGraph.Value {
    var hidden = x
    if let expansion {
      hidden = expansion.norm.describe(
        expansion.convolution.describe(x, in: &graph), in: &graph)
    }
    hidden = depthwise.norm.describe(
      depthwise.convolution.describe(hidden, in: &graph), in: &graph)
    hidden = bottleneck.convolution.describe(hidden, in: &graph)
    return graph.batchNorm(hidden, bottleneck.norm, residual: isResidual ? x : nil)
  }
}
