import Tensors

extension Tape {
  /// Depthwise convolution of x `[N, H, W, C]` with w `[R, S, C]`: `[N, P, Q, C]`. Keeps x and w.
  public func depthwiseConvolution(
    _ x: Variable, _ w: Variable, stride: Int, padding: Int
  ) -> Variable {
    precondition(
      x.shape.rank == 4 && w.shape.rank == 3,
      "depthwiseConvolution: needs [N,H,W,C] and [R,S,C], got \(x.shape) and \(w.shape)")
    func size(_ axis: Int) -> Int {
      ConvolutionGeometry.outputSize(
        x.shape[axis], filter: w.shape[axis - 1], stride: stride, padding: padding)
    }
    let shape: Shape = [x.shape[0], size(1), size(2), x.shape[3]]
    if !isRecording {
      return Variable(
        PendingConvolution(
          input: .depthwise(x.value), w: w.value, stride: stride, padding: padding, shape: shape,
          backend: backend))
    }
    let y = backend.makeTensor(shape)
    backend.depthwiseConvolution(
      x: x.value, w: w.value, stride: stride, padding: padding, into: y)
    return result(y, of: [x, w]) { [backend] dy in
      if let dw = w.gradientOutput(on: backend) {
        backend.depthwiseFilterGradient(
          x: x.value, dy: dy, stride: stride, padding: padding, into: dw.tensor,
          accumulate: dw.accumulate)
      }
      if let dx = x.gradientOutput(on: backend) {
        backend.depthwiseDataGradient(
          dy: dy, w: w.value, stride: stride, padding: padding, into: dx.tensor,
          accumulate: dx.accumulate)
      }
    }
  }
}
