/// Average pooling, NHWC.
public protocol PoolingOps {
  /// y[n,p,q,c] = mean of x over the window × window square at (p·stride, q·stride); no padding.
  /// x `[N, H, W, C]`, y `[N, (H − window)/stride + 1, …, C]`.
  func averagePool(x: Tensor, window: Int, stride: Int, into y: Tensor)
  func averagePoolBackward(
    dy: Tensor, window: Int, stride: Int, into dx: Tensor, accumulate: Bool)

  /// y[n,c] = mean of x over height and width. x `[N, H, W, C]`, y `[N, C]`.
  func globalAveragePool(x: Tensor, into y: Tensor)
  /// dx[n,h,w,c] = dy[n,c] / (H·W).
  func globalAveragePoolBackward(dy: Tensor, into dx: Tensor, accumulate: Bool)
}

/// The checked sizes of one pooling; a global one has p = q = 1 and window = h.
public struct PoolingGeometry: Hashable, Sendable {
  public let n: Int, h: Int, w: Int, c: Int
  public let p: Int, q: Int
  public let window: Int, stride: Int

  public init(_ op: OpName, input: Shape, output: Shape, window: Int, stride: Int) {
    precondition(
      input.rank == 4 && output.rank == 4 && window >= 1 && stride >= 1
        && input[0] == output[0] && input[3] == output[3]
        && ConvolutionGeometry.outputSize(input[1], filter: window, stride: stride, padding: 0)
          == output[1]
        && ConvolutionGeometry.outputSize(input[2], filter: window, stride: stride, padding: 0)
          == output[2],
      "\(op): input \(input), output \(output) do not agree (window \(window), stride \(stride))")
    (n, h, w, c) = (input[0], input[1], input[2], input[3])
    (p, q) = (output[1], output[2])
    (self.window, self.stride) = (window, stride)
  }

  /// The global pool: `[N, H, W, C]` to `[N, C]`.
  public init(_ op: OpName, global input: Shape, output: Shape) {
    precondition(
      input.rank == 4 && output == [input[0], input[3]],
      "\(op): needs [N,H,W,C] and [N,C], got \(input) and \(output)")
    (n, h, w, c) = (input[0], input[1], input[2], input[3])
    (p, q, window, stride) = (1, 1, input[1], 1)
  }
}
