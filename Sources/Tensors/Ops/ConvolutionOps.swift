/// Two-dimensional convolution (cross-correlation, as everywhere in this field), NHWC.
///
///     y[n,p,q,k] = Σ_{r,s,c} x[n, p·stride + r − padding, q·stride + s − padding, c] · w[r,s,c,k]
///
/// with zeros outside the image. x `[N, H, W, C]`, w `[R, S, C, K]`, y `[N, P, Q, K]`,
/// P = (H + 2·padding − R) / stride + 1 rounded down, Q likewise.
///
/// What stands before and after a convolution in these networks is done on the way in and out:
/// `Fusion` has the types.
public protocol ConvolutionOps {
  /// - Parameters:
  ///   - x: a tensor, or one that is normalized while it is read.
  ///   - w: `[R, S, C, K]`.
  ///   - stride: pixels of x from one output to the next.
  ///   - padding: zeros on each side.
  ///   - y: `[N, P, Q, K]`, written.
  ///   - statistics: whether y's statistics are wanted, for the batch norm that follows.
  /// - Returns: what they can be computed from at least cost; `.tensor(y)` where they are not
  ///   wanted.
  @discardableResult
  func convolution(
    x: ConvolutionInput, w: Tensor, stride: Int, padding: Int, into y: Tensor, statistics: Bool
  ) -> StatisticsSource

  /// The same, and the batch norm behind it with statistics that are known: what `convolution` and
  /// then `batchNorm` give, to the bit, where a backend does not do both in one pass.
  /// - Parameters:
  ///   - x: a tensor, or one that is normalized while it is read.
  ///   - w: `[R, S, C, K]`.
  ///   - stride: pixels of x from one output to the next.
  ///   - padding: zeros on each side.
  ///   - following: what is done to y before it is stored.
  ///   - y: `[N, P, Q, K]`, written.
  func convolution(
    x: ConvolutionInput, w: Tensor, stride: Int, padding: Int,
    following: FollowingNormalization, into y: Tensor)

  /// dx[n,h,w,c] = Σ over all (p,q,r,s,k) that read x[n,h,w,c] of dy[n,p,q,k] · w[r,s,c,k].
  ///
  /// - Parameters:
  ///   - dy: dloss/dy, or what it is made of while it is read.
  ///   - w: `[R, S, C, K]`.
  ///   - stride: of the forward convolution.
  ///   - padding: of the forward convolution.
  ///   - dx: `[N, H, W, C]`, written.
  ///   - addend: what dx is added to: dx itself, another tensor of its shape, or nil.
  ///   - completion: what is done with the sum before it is stored, or nil.
  func convolutionDataGradient(
    dy: OutputGradient, w: Tensor, stride: Int, padding: Int, into dx: Tensor, addend: Tensor?,
    completion: GradientCompletion?)

  /// dw[r,s,c,k] = Σ_{n,p,q} x[n, p·stride + r − padding, q·stride + s − padding, c] · dy[n,p,q,k].
  /// - Returns: sums over slices of the batch, `[slices, R, S, C, K]`, for `sumSlices` or for an
  ///   optimizer to add up in order. How many there are is the backend's choice, by shape alone.
  func convolutionFilterGradient(
    x: ConvolutionInput, dy: OutputGradient, filter: Shape, stride: Int, padding: Int
  ) -> Tensor

  /// Both gradients of one convolution: dx as `convolutionDataGradient` makes it, and the slices of
  /// dw that `convolutionFilterGradient` returns. Where one pass over dy serves both, it costs
  /// less.
  func convolutionGradients(
    x: ConvolutionInput, dy: OutputGradient, w: Tensor, stride: Int, padding: Int,
    into dx: Tensor, addend: Tensor?, completion: GradientCompletion?
  ) -> Tensor

  /// out := Σ slices, in order (added to what stands there, where `accumulate`).
  /// - Precondition: slices are `[n] + out.shape`.
  func sumSlices(_ slices: Tensor, into out: Tensor, accumulate: Bool)
}

extension ConvolutionOps {
  public func convolutionGradients(
    x: ConvolutionInput, dy: OutputGradient, w: Tensor, stride: Int, padding: Int,
    into dx: Tensor, addend: Tensor?, completion: GradientCompletion?
  ) -> Tensor {
    convolutionGradientsInTurn(
      x: x, dy: dy, w: w, stride: stride, padding: padding, into: dx, addend: addend,
      completion: completion)
  }

  /// `convolutionGradients` by the two ops that make one each.
  public func convolutionGradientsInTurn(
    x: ConvolutionInput, dy: OutputGradient, w: Tensor, stride: Int, padding: Int,
    into dx: Tensor, addend: Tensor?, completion: GradientCompletion?
  ) -> Tensor {
    let slices = convolutionFilterGradient(
      x: x, dy: dy, filter: w.shape, stride: stride, padding: padding)
    convolutionDataGradient(
      dy: dy, w: w, stride: stride, padding: padding, into: dx, addend: addend,
      completion: completion)
    return slices
  }

  /// As above, of tensors as they are.
  public func convolution(x: Tensor, w: Tensor, stride: Int, padding: Int, into y: Tensor) {
    convolution(
      x: ConvolutionInput(x), w: w, stride: stride, padding: padding, into: y,
      statistics: false)
  }

  public func convolutionDataGradient(
    dy: Tensor, w: Tensor, stride: Int, padding: Int, into dx: Tensor, accumulate: Bool
  ) {
    convolutionDataGradient(
      dy: OutputGradient(dy), w: w, stride: stride, padding: padding, into: dx,
      addend: accumulate ? dx : nil, completion: nil)
  }

  public func convolutionFilterGradient(
    x: Tensor, dy: Tensor, stride: Int, padding: Int, into dw: Tensor, accumulate: Bool
  ) {
    let slices = convolutionFilterGradient(
      x: ConvolutionInput(x), dy: OutputGradient(dy), filter: dw.shape, stride: stride,
      padding: padding)
    sumSlices(slices, into: dw, accumulate: accumulate)
  }
}

/// The checked sizes of one convolution, in the project's letters.
public struct ConvolutionGeometry: Hashable, Sendable {
  public let n: Int, h: Int, w: Int, c: Int
  public let k: Int, r: Int, s: Int
  public let p: Int, q: Int
  public let stride: Int, padding: Int

  /// - Precondition: the three shapes agree with each other, with stride and padding.
  public init(
    _ op: OpName, input: Shape, filter: Shape, output: Shape, stride: Int, padding: Int
  ) {
    precondition(
      input.rank == 4 && filter.rank == 4 && output.rank == 4 && stride >= 1 && padding >= 0,
      "\(op): needs [N,H,W,C], [R,S,C,K], [N,P,Q,K], got \(input), \(filter), \(output)")
    (n, h, w, c) = (input[0], input[1], input[2], input[3])
    (r, s, k) = (filter[0], filter[1], filter[3])
    (p, q) = (output[1], output[2])
    (self.stride, self.padding) = (stride, padding)
    precondition(
      filter[2] == c && output[0] == n && output[3] == k
        && Self.outputSize(h, filter: r, stride: stride, padding: padding) == p
        && Self.outputSize(w, filter: s, stride: stride, padding: padding) == q,
      "\(op): input \(input), filter \(filter), output \(output) do not agree "
        + "(stride \(stride), padding \(padding))")
  }

  /// (size + 2·padding − filter) / stride + 1, rounded down; 0 where the filter does not fit.
  public static func outputSize(_ size: Int, filter: Int, stride: Int, padding: Int) -> Int {
    let room = size + 2 * padding - filter
    return room < 0 ? 0 : room / stride + 1
  }
}
