/// Depthwise convolution: each channel has a filter of its own (Sandler et al. 2018, Sec. 3.1),
/// NHWC.
///
///     y[n,p,q,c] = Σ_{r,s} x[n, p·stride + r − padding, q·stride + s − padding, c] · w[r,s,c]
///
/// with zeros outside the image. x `[N, H, W, C]`, w `[R, S, C]`, y `[N, P, Q, C]`,
/// P = (H + 2·padding − R) / stride + 1 rounded down, Q likewise.
public protocol DepthwiseOps {
  func depthwiseConvolution(x: Tensor, w: Tensor, stride: Int, padding: Int, into y: Tensor)

  /// The same, and the batch norm behind it with statistics that are known, as of `ConvolutionOps`.
  /// - Parameters:
  ///   - x: `[N, H, W, C]`.
  ///   - w: `[R, S, C]`.
  ///   - stride: pixels of x from one output to the next.
  ///   - padding: zeros on each side.
  ///   - following: what is done to y before it is stored.
  ///   - y: `[N, P, Q, C]`, written.
  func depthwiseConvolution(
    x: Tensor, w: Tensor, stride: Int, padding: Int, following: FollowingNormalization,
    into y: Tensor)

  /// dx[n,h,w,c] = Σ over all (p,q,r,s) that read x[n,h,w,c] of dy[n,p,q,c] · w[r,s,c].
  func depthwiseDataGradient(
    dy: Tensor, w: Tensor, stride: Int, padding: Int, into dx: Tensor, accumulate: Bool)

  /// dw[r,s,c] = Σ_{n,p,q} x[n, p·stride + r − padding, q·stride + s − padding, c] · dy[n,p,q,c].
  func depthwiseFilterGradient(
    x: Tensor, dy: Tensor, stride: Int, padding: Int, into dw: Tensor, accumulate: Bool)
}

/// The checked sizes of one depthwise convolution, in the project's letters.
public struct DepthwiseGeometry: Hashable, Sendable {
  public let n: Int, h: Int, w: Int, c: Int
  public let r: Int, s: Int
  public let p: Int, q: Int
  public let stride: Int, padding: Int

  /// - Precondition: the three shapes agree with each other, with stride and padding.
  public init(
    _ op: OpName, input: Shape, filter: Shape, output: Shape, stride: Int, padding: Int
  ) {
    precondition(
      input.rank == 4 && filter.rank == 3 && output.rank == 4 && stride >= 1 && padding >= 0,
      "\(op): needs [N,H,W,C], [R,S,C], [N,P,Q,C], got \(input), \(filter), \(output)")
    (n, h, w, c) = (input[0], input[1], input[2], input[3])
    (r, s) = (filter[0], filter[1])
    (p, q) = (output[1], output[2])
    (self.stride, self.padding) = (stride, padding)
    func size(_ size: Int, _ filter: Int) -> Int {
      ConvolutionGeometry.outputSize(size, filter: filter, stride: stride, padding: padding)
    }
    precondition(
      filter[2] == c && output[0] == n && output[3] == c && size(h, r) == p && size(w, s) == q,
      "\(op): input \(input), filter \(filter), output \(output) do not agree "
        + "(stride \(stride), padding \(padding))")
  }
}
