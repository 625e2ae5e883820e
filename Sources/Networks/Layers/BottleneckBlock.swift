public import Autograd
public import Tensors

/// The bottleneck block of He et al. 2016: relu(bn(conv1×1(relu(bn(conv3×3(relu(bn(conv1×1(x)))))))))
/// + shortcut(x)) with a quarter of the output's channels inside. The stride is the 3×3's, as in
/// torchvision (ResNet v1.5), and the shortcut where the shape changes a 1×1 convolution with batch
/// norm (option B).
public struct BottleneckBlock: Layer {
  /// Output channels are so many times those of the 3×3 convolution.
  public static let expansion = 4

  public let reduction: (convolution: Convolution, norm: BatchNorm)
  public let middle: (convolution: Convolution, norm: BatchNorm)
  /// Its norm joins the shortcut and activates.
  public let restoration: (convolution: Convolution, norm: BatchNorm)
  /// nil where x has the output's shape.
  public let projection: (convolution: Convolution, norm: BatchNorm)?

  /// - Parameters:
  ///   - name: of the block; it begins the names of its tensors.
  ///   - inputChannels: C.
  ///   - outputChannels: K.
  ///   - stride: of the 3×3 convolution, and of the shortcut.
  ///   - backend: where the weights are.
  ///   - seed: of the fresh weights.
  ///   - stream: of the first filter; the other two and the shortcut's have the next ones.
  ///   - shortcutName: of the shortcut's layers, which are `<name>.<shortcutName>.0` and `.1`.
  public init(
    _ name: String, inputChannels: Int, outputChannels: Int, stride: Int, on backend: any Backend,
    seed: UInt64, stream: UInt32, shortcutName: String = "shortcut"
  ) {
    func part(
      _ convolution: String, _ norm: String, _ inputs: Int, _ outputs: Int, kernelSize: Int = 1,
      stride: Int = 1, _ activation: Activation, _ offset: UInt32
    ) -> (convolution: Convolution, norm: BatchNorm) {
      (
        Convolution(
          "\(name).\(convolution)", inputChannels: inputs, outputChannels: outputs,
          kernelSize: kernelSize, stride: stride, on: backend, seed: seed,
          stream: stream + offset),
        BatchNorm("\(name).\(norm)", channels: outputs, activation: activation, on: backend)
      )
    }
    let inside = outputChannels / Self.expansion
    reduction = part("conv1", "bn1", inputChannels, inside, .relu, 0)
    middle = part("conv2", "bn2", inside, inside, kernelSize: 3, stride: stride, .relu, 1)
    restoration = part("conv3", "bn3", inside, outputChannels, .relu, 2)
    projection =
      stride == 1 && inputChannels == outputChannels
      ? nil
      : part(
        "\(shortcutName).0", "\(shortcutName).1", inputChannels, outputChannels, stride: stride,
        .none, 3)
  }

  private var layers: [any Layer] {
    let body: [any Layer] = [
      reduction.convolution, reduction.norm, middle.convolution, middle.norm,
      restoration.convolution, restoration.norm,
    ]
    return body + (projection.map { [$0.convolution, $0.norm] } ?? [])
  }
  public var parameters: [Parameter] { layers.flatMap(\.parameters) }
  public var buffers: [Buffer] { layers.flatMap(\.buffers) }
  public var isBlock: Bool { true }

  public func callAsFunction(_ x: Variable, _ context: ForwardContext) -> Variable {
    // The first convolution before the shortcut, as in `ResidualBlock`.
    let reduced = reduction.convolution(x, context)
    let shortcut = projection.map { $0.norm($0.convolution(x, context), context) } ?? x
    let hidden = middle.convolution(reduction.norm(reduced, context), context)
    let restored = restoration.convolution(middle.norm(hidden, context), context)
    return restoration.norm(restored, residual: shortcut, context)
  }

  public func describe(_ x: LayerGraph.Value, in graph: inout LayerGraph) -> LayerGraph.Value {
    func described(
      _ part: (convolution: Convolution, norm: BatchNorm), _ x: LayerGraph.Value
    ) -> LayerGraph.Value {
      part.norm.describe(part.convolution.describe(x, in: &graph), in: &graph)
    }
    let shortcut = projection.map { described($0, x) } ?? x
    let hidden = described(middle, described(reduction, x))
    return graph.batchNorm(
      restoration.convolution.describe(hidden, in: &graph), restoration.norm, residual: shortcut)
  }
}
