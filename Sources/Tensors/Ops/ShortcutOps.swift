/// The parameter-free shortcut of He et al. 2016 ("option A"): spatial subsampling, and zeros for
/// the channels that the input does not have, half of them before, half after.
///
///     y[n,p,q,k] = x[n, p·stride, q·stride, k − (K − C)/2], or 0 outside the input's channels
///
/// x `[N, H, W, C]`, y `[N, ⌈H/stride⌉, ⌈W/stride⌉, K]`, K ≥ C.
public protocol ShortcutOps {
  func shortcut(x: Tensor, stride: Int, into y: Tensor)
  /// The transpose: dx has zeros where the forward read nothing.
  func shortcutBackward(dy: Tensor, stride: Int, into dx: Tensor, accumulate: Bool)
}

/// The checked sizes of one option-A shortcut.
public struct ShortcutGeometry: Hashable, Sendable {
  public let n: Int, h: Int, w: Int, c: Int
  public let p: Int, q: Int, k: Int
  public let stride: Int
  /// Output channel of input channel 0.
  public var offset: Int { (k - c) / 2 }

  public init(_ op: OpName, input: Shape, output: Shape, stride: Int) {
    precondition(
      input.rank == 4 && output.rank == 4 && stride >= 1 && input[0] == output[0]
        && output[1] == (input[1] + stride - 1) / stride
        && output[2] == (input[2] + stride - 1) / stride && output[3] >= input[3],
      "\(op): input \(input) and output \(output) do not agree (stride \(stride))")
    (n, h, w, c) = (input[0], input[1], input[2], input[3])
    (p, q, k) = (output[1], output[2], output[3])
    self.stride = stride
  }
}
