public import Tensors

extension CPUBackend {
  static var elementChunk: Int { 16_384 }

  public func relu(x: Tensor, into y: Tensor) {
    precondition(x.shape == y.shape, "reluForward: x \(x.shape), y \(y.shape)")
    let (from, to) = (pointer(x), pointer(y))
    parallel(over: x.count, chunk: Self.elementChunk) { range in
      for i in range { to[i] = from[i] < 0 ? 0 : from[i] }
    }
  }

  public func reluBackward(dy: Tensor, y: Tensor, into dx: Tensor, accumulate: Bool) {
    precondition(
      dy.shape == y.shape && y.shape == dx.shape,
      "reluBackward: dy \(dy.shape), y \(y.shape), dx \(dx.shape)")
    let (gradient, output, to) = (pointer(dy), pointer(y), pointer(dx))
    parallel(over: y.count, chunk: Self.elementChunk) { range in
      for i in range {
        let d = output[i] > 0 ? gradient[i] : 0
        to[i] = accumulate ? to[i] + d : d
      }
    }
  }

  public func add(_ a: Tensor, _ b: Tensor, into y: Tensor) {
    precondition(
      a.shape == b.shape && b.shape == y.shape,
      "addForward: a \(a.shape), b \(b.shape), y \(y.shape)")
    let (p, q, to) = (pointer(a), pointer(b), pointer(y))
    parallel(over: y.count, chunk: Self.elementChunk) { range in
      for i in range { to[i] = p[i] + q[i] }
    }
  }
}
