public import Tensors

extension CPUBackend {
  public func averagePool(x: Tensor, window: Int, stride: Int, into y: Tensor) {
    let g = PoolingGeometry(
      .averagePoolForward, input: x.shape, output: y.shape, window: window, stride: stride)
    pool(x, g, windowWidth: window, into: y)
  }

  public func averagePoolBackward(
    dy: Tensor, window: Int, stride: Int, into dx: Tensor, accumulate: Bool
  ) {
    let g = PoolingGeometry(
      .averagePoolBackward, input: dx.shape, output: dy.shape, window: window, stride: stride)
    poolBackward(dy, g, windowWidth: window, into: dx, accumulate: accumulate)
  }

  public func globalAveragePool(x: Tensor, into y: Tensor) {
    let g = PoolingGeometry(.globalAveragePoolForward, global: x.shape, output: y.shape)
    pool(x, g, windowWidth: g.w, into: y)
  }

  public func globalAveragePoolBackward(dy: Tensor, into dx: Tensor, accumulate: Bool) {
    let g = PoolingGeometry(.globalAveragePoolBackward, global: dx.shape, output: dy.shape)
    poolBackward(dy, g, windowWidth: g.w, into: dx, accumulate: accumulate)
  }

  private func pool(_ x: Tensor, _ g: PoolingGeometry, windowWidth: Int, into y: Tensor) {
    let (from, to) = (pointer(x), pointer(y))
    let share = 1 / Float(g.window * windowWidth)
    parallel(over: g.n * g.p * g.q, chunk: 16) { pixels in
      for pixel in pixels {
        let (n, p, q) = (pixel / (g.p * g.q), pixel / g.q % g.p, pixel % g.q)
        let out = to + pixel * g.c
        out.update(repeating: 0, count: g.c)
        for r in 0..<g.window {
          for s in 0..<windowWidth {
            let at = from + ((n * g.h + p * g.stride + r) * g.w + q * g.stride + s) * g.c
            for c in 0..<g.c { out[c] += at[c] }
          }
        }
        for c in 0..<g.c { out[c] *= share }
      }
    }
  }

  private func poolBackward(
    _ dy: Tensor, _ g: PoolingGeometry, windowWidth: Int, into dx: Tensor, accumulate: Bool
  ) {
    let (from, to) = (pointer(dy), pointer(dx))
    let share = 1 / Float(g.window * windowWidth)
    parallel(over: g.n * g.h * g.w, chunk: 16) { pixels in
      for pixel in pixels {
        let (n, h, w) = (pixel / (g.h * g.w), pixel / g.w % g.h, pixel % g.w)
        let out = to + pixel * g.c
        if !accumulate { out.update(repeating: 0, count: g.c) }
        // The windows that cover this pixel.
        let rows = min(g.p, h < g.window ? 0 : (h - g.window) / g.stride + 1)..<g.p
        let columns = min(g.q, w < windowWidth ? 0 : (w - windowWidth) / g.stride + 1)..<g.q
        for p in rows where p * g.stride <= h {
          for q in columns where q * g.stride <= w {
            let at = from + ((n * g.p + p) * g.q + q) * g.c
            for c in 0..<g.c { out[c] += at[c] * share }
          }
        }
      }
    }
  }
}
