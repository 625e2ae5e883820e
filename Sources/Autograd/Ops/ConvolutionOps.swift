import Tensors

extension Tape {
  /// Convolution of x `[N, H, W, C]` with w `[R, S, C, K]`: `[N, P, Q, K]`. Keeps x (where it is a
  /// deferred batch norm: what that read) and w.
  /// - Parameters:
  ///   - x: `[N, H, W, C]`.
  ///   - w: `[R, S, C, K]`.
  ///   - stride: pixels of x from one output to the next.
  ///   - padding: zeros on each side.
  ///   - statistics: whether a batch norm will want the statistics of the output.
  public func convolution(
    _ x: Variable, _ w: Variable, stride: Int, padding: Int, statistics: Bool = false
  ) -> Variable {
    precondition(
      x.shape.rank == 4 && w.shape.rank == 4,
      "convolution: needs [N,H,W,C] and [R,S,C,K], got \(x.shape) and \(w.shape)")
    func size(_ axis: Int) -> Int {
      ConvolutionGeometry.outputSize(
        x.shape[axis], filter: w.shape[axis - 1], stride: stride, padding: padding)
    }
    let shape: Shape = [x.shape[0], size(1), size(2), w.shape[3]]
    if !isRecording && !statistics {
      return Variable(
        PendingConvolution(
          input: .dense(x.convolutionInput), w: w.value, stride: stride, padding: padding,
          shape: shape, backend: backend))
    }
    let y = backend.makeTensor(shape)
    let output = Variable(y, needsGradient: records([x, w]))
    let input = x.convolutionInput
    output.tileStatistics = backend.convolution(
      x: input, w: w.value, stride: stride, padding: padding, into: y, statistics: statistics)
    output.takesGradientThroughBatchNorm = true
    record(output, of: [x, w]) { [backend] dy in
      let dx = x.convolutionGradientOutput(on: backend)
      if let dx, w.needsGradient {
        w.addGradient(
          slices: backend.convolutionGradients(
            x: input, dy: dy, w: w.value, stride: stride, padding: padding, into: dx.tensor,
            addend: dx.addend, completion: dx.completion),
          on: backend)
      } else if let dx {
        backend.convolutionDataGradient(
          dy: dy, w: w.value, stride: stride, padding: padding, into: dx.tensor,
          addend: dx.addend, completion: dx.completion)
      } else if w.needsGradient {
        w.addGradient(
          slices: backend.convolutionFilterGradient(
            x: input, dy: dy, filter: w.shape, stride: stride, padding: padding),
          on: backend)
      }
    }
    return output
  }
}
