import Tensors

extension Tape {
  /// Option A: every stride-th pixel of x `[N, H, W, C]`, zeros for the channels it lacks:
  /// `[N, ⌈H/stride⌉, ⌈W/stride⌉, channels]`. Keeps nothing.
  public func shortcut(_ x: Variable, stride: Int, channels: Int) -> Variable {
    precondition(x.shape.rank == 4, "shortcut: needs [N,H,W,C], got \(x.shape)")
    let y = backend.makeTensor([
      x.shape[0], (x.shape[1] + stride - 1) / stride, (x.shape[2] + stride - 1) / stride, channels,
    ])
    backend.shortcut(x: x.passingValue, stride: stride, into: y)
    return result(y, of: [x]) { [backend] dy in
      guard let dx = x.gradientOutput(on: backend) else { return }
      backend.shortcutBackward(
        dy: dy, stride: stride, into: dx.tensor, accumulate: dx.accumulate)
    }
  }
}
