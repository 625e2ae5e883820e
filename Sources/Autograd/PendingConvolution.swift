import Tensors

/// A convolution of which nothing is recorded, before it runs: with what follows it, or alone.
struct PendingConvolution {
  enum Input {
    case dense(ConvolutionInput)
    case depthwise(Tensor)
  }

  let input: Input
  let w: Tensor
  let stride: Int, padding: Int
  let shape: Shape
  let backend: any Backend

  /// y.
  func run() -> Tensor {
    let y = backend.makeTensor(shape)
    switch input {
    case .dense(let x):
      backend.convolution(
        x: x, w: w, stride: stride, padding: padding, into: y, statistics: false)
    case .depthwise(let x):
      backend.depthwiseConvolution(x: x, w: w, stride: stride, padding: padding, into: y)
    }
    return y
  }

  /// What the batch norm that follows puts out.
  func run(_ following: FollowingNormalization) -> Tensor {
    let y = backend.makeTensor(shape)
    switch input {
    case .dense(let x):
      backend.convolution(
        x: x, w: w, stride: stride, padding: padding, following: following, into: y)
    case .depthwise(let x):
      backend.depthwiseConvolution(
        x: x, w: w, stride: stride, padding: padding, following: following, into: y)
    }
    return y
  }
}
