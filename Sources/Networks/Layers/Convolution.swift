public import Autograd
public import Tensors

/// A convolution without bias (batch norm follows): w `[R, S, C, K]`.
public struct Convolution: Layer {
  public let weight: Parameter
  public let stride: Int
  public let padding: Int

  /// - Parameters:
  ///   - name: of the layer; the weight is `<name>.weight`.
  ///   - size: R = S; padding is (size − 1)/2.
  public init(
    _ name: String, from channels: Int, to outputs: Int, size: Int = 3, stride: Int = 1,
    on backend: any Backend, seed: UInt64, stream: UInt32
  ) {
    let shape: Shape = [size, size, channels, outputs]
    let values = Initialiser.heFanOut(shape, seed: seed, stream: stream)
    weight = Parameter("\(name).weight", backend.makeTensor(shape, values), on: backend)
    self.stride = stride
    padding = (size - 1) / 2
  }

  public var parameters: [Parameter] { [weight] }
  public var buffers: [Buffer] { [] }

  public func callAsFunction(_ x: Variable, _ context: ForwardContext) -> Variable {
    context.tape.convolution(
      x, weight.variable, stride: stride, padding: padding,
      statistics: context.statistics != .running)
  }
}
