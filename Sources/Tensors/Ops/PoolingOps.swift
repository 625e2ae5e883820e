/// Average and max pooling, NHWC.
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

  /// y[n,p,q,c] = the largest x over the window × window square at (p·stride − padding,
  /// q·stride − padding), as far as it lies within x; the first of equals, row by row, and a NaN
  /// where there is one. x `[N, H, W, C]`, y `[N, (H + 2·padding − window)/stride + 1, …, C]`,
  /// padding at most half the window, so that no window lies outside.
  /// - Parameters:
  ///   - x: `[N, H, W, C]`.
  ///   - window: height and width of the square.
  ///   - stride: pixels of x from one square to the next.
  ///   - padding: rows and columns around x that count for nothing.
  ///   - y: written.
  ///   - winners: of y's shape: where in the window each y was found, r·window + s; nil where
  ///     nobody will ask for the gradient.
  func maxPool(
    x: Tensor, window: Int, stride: Int, padding: Int, into y: Tensor, winners: Tensor?)
  /// dx[n,h,w,c] = Σ dy over the windows that found their y there, in their order.
  func maxPoolBackward(
    dy: Tensor, winners: Tensor, window: Int, stride: Int, padding: Int, into dx: Tensor,
    accumulate: Bool)
}

/// The checked sizes of one pooling; a global one has p = q = 1 and window = h.
public struct PoolingGeometry: Hashable, Sendable {
  public let n: Int, h: Int, w: Int, c: Int
  public let p: Int, q: Int
  public let window: Int, stride: Int, padding: Int

  public init(
    _ op: OpName, input: Shape, output: Shape, window: Int, stride: Int, padding: Int = 0
  ) {
    func size(_ axis: Int) -> Int {
      ConvolutionGeometry.outputSize(input[axis], filter: window, stride: stride, padding: padding)
    }
    precondition(
      input.rank == 4 && output.rank == 4 && window >= 1 && stride >= 1
        && padding >= 0 && 2 * padding <= window
        && input[0] == output[0] && input[3] == output[3] && size(1) == output[1]
        && size(2) == output[2],
      "\(op): input \(input), output \(output) do not agree (window \(window), stride \(stride), "
        + "padding \(padding))")
    (n, h, w, c) = (input[0], input[1], input[2], input[3])
    (p, q) = (output[1], output[2])
    (self.window, self.stride, self.padding) = (window, stride, padding)
  }

  /// The global pool: `[N, H, W, C]` to `[N, C]`.
  public init(_ op: OpName, global input: Shape, output: Shape) {
    precondition(
      input.rank == 4 && output == [input[0], input[3]],
      "\(op): needs [N,H,W,C] and [N,C], got \(input) and \(output)")
    (n, h, w, c) = (input[0], input[1], input[2], input[3])
    (p, q, window, stride, padding) = (1, 1, input[1], 1, 0)
  }
}
