import Tensors

extension Tape {
  /// x·w + b: x `[N, C]`, w `[C, K]`, b `[K]` to `[N, K]`. Keeps x and w.
  public func linear(_ x: Variable, _ w: Variable, _ b: Variable) -> Variable {
    precondition(
      x.shape.rank == 2 && w.shape.rank == 2,
      "linear: needs [N,C] and [C,K], got \(x.shape) and \(w.shape)")
    let y = backend.makeTensor([x.shape[0], w.shape[1]])
    backend.linear(x: x.value, w: w.value, b: b.value, into: y)
    return result(y, of: [x, w, b]) { [backend] dy in
      backend.linearParameterGradient(
        x: x.value, dy: dy, dw: w.gradientOutput(on: backend), db: b.gradientOutput(on: backend))
      if let dx = x.gradientOutput(on: backend) {
        backend.linearDataGradient(
          dy: dy, w: w.value, into: dx.tensor, accumulate: dx.accumulate)
      }
    }
  }
}
