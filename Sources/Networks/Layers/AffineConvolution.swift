public import Autograd
public import Tensors

/// An affine map of the channels at every position, then an activation: x `[N, H, W, C]` with w
/// `[1, 1, C, K]` and b `[K]` gives act(x·w + b), `[N, H, W, K]`. No batch norm: what it does to an
/// image depends on no other. Starts as in He et al. 2015 (`Initializer.heFanOut`), b at zeros.
public struct AffineConvolution: Layer {
  /// w, `[1, 1, C, K]`.
  public let weight: Parameter
  /// b, `[K]`.
  public let bias: Parameter
  /// What follows.
  public let activation: Activation

  /// - Parameters:
  ///   - name: of the layer; its tensors are `<name>.weight` and `<name>.bias`.
  ///   - inputChannels: C.
  ///   - outputChannels: K.
  ///   - activation: what follows.
  ///   - backend: where the weights are.
  ///   - seed: of the fresh weights.
  ///   - stream: of the filter's random numbers, its own in the network (`FreshWeights`).
  public init(
    _ name: String, inputChannels: Int, outputChannels: Int, activation: Activation,
    on backend: any Backend, seed: UInt64, stream: UInt32
  ) {
    let shape: Shape = [1, 1, inputChannels, outputChannels]
    let values = Initializer.heFanOut(shape, seed: seed, stream: stream)
    weight = Parameter("\(name).weight", backend.makeTensor(shape, values))
    bias = Parameter("\(name).bias", backend.makeTensor([outputChannels], filledWith: 0))
    self.activation = activation
  }

  public var parameters: [Parameter] { [weight, bias] }
  public var buffers: [Buffer] { [] }

  public func callAsFunction(_ x: Variable, _ context: ForwardContext) -> Variable {
    let (tape, shape) = (context.tape, x.shape)
    let (c, k) = (weight.value.shape[2], weight.value.shape[3])
    precondition(
      shape.rank == 4 && shape[3] == c,
      "AffineConvolution: [N,H,W,C] \(shape) and [1,1,C,K] \(weight.value.shape) do not agree")
    let rows = Self.reshaped(x, [shape.count / c, c], tape)
    let y = tape.linear(rows, Self.reshaped(weight.variable, [c, k], tape), bias.variable)
    return activated(Self.reshaped(y, [shape[0], shape[1], shape[2], k], tape), tape)
  }

  public func describe(_ x: LayerGraph.Value, in graph: inout LayerGraph) -> LayerGraph.Value {
    graph.activation(graph.affine(x, weight, bias), activation)
  }

  /// The same elements under another shape.
  private static func reshaped(_ x: Variable, _ shape: Shape, _ tape: Tape) -> Variable {
    let before = x.shape
    return tape.custom(x.value.reshaped(shape), of: [x]) { [$0.reshaped(before)] }
  }

  private func activated(_ x: Variable, _ tape: Tape) -> Variable {
    switch activation {
    case .none: x
    case .relu: tape.relu(x)
    case .relu6: Self.relu6(x, tape)
    }
  }

  // MARK: ReLU6 by itself, which elsewhere stands behind a batch norm

  private static func relu6(_ x: Variable, _ tape: Tape) -> Variable {
    let backend = tape.backend
    let y = backend.makeTensor(x.shape)
    backend.run(relu6Forward, [.read(x.value), .write(y)], items: x.shape.count)
    return tape.custom(y, of: [x]) { dy in
      let dx = backend.makeTensor(dy.shape)
      backend.run(relu6Backward, [.read(dy), .read(y), .write(dx)], items: dy.count)
      return [dx]
    }
  }

  private static let relu6Forward = CustomKernel(
    name: "relu6_forward",
    source: """
      __kernel void relu6_forward(__global const float *x, __global float *y, int n) {
        int i = get_global_id(0);
        if (i < n) y[i] = fmin(fmax(x[i], 0.0f), 6.0f);
      }
      """
  ) { items, arguments in
    let (x, y) = (arguments.floats(0), arguments.floats(1))
    for i in items { y[i] = min(max(x[i], 0), 6) }
  }

  private static let relu6Backward = CustomKernel(
    name: "relu6_backward",
    source: """
      __kernel void relu6_backward(__global const float *dy, __global const float *y,
                                   __global float *dx, int n) {
        int i = get_global_id(0);
        if (i < n) dx[i] = y[i] > 0.0f && y[i] < 6.0f ? dy[i] : 0.0f;
      }
      """
  ) { items, arguments in
    let (dy, y, dx) = (arguments.floats(0), arguments.floats(1), arguments.floats(2))
    for i in items { dx[i] = y[i] > 0 && y[i] < 6 ? dy[i] : 0 }
  }
}
