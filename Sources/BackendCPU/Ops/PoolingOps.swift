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

  public func maxPool(
    x: Tensor, window: Int, stride: Int, padding: Int, into y: Tensor, winners: Tensor?
  ) {
    let g = PoolingGeometry(
      .maxPoolForward, input: x.shape, output: y.shape, window: window, stride: stride,
      padding: padding)
    precondition(
      winners == nil || winners!.shape == y.shape,
      "maxPoolForward: output \(y.shape), winners \(winners!.shape)")
    let (from, to, places) = (pointer(x), pointer(y), winners.map { pointer($0) })
    parallel(over: g.n * g.p * g.q, chunk: 16) { pixels in
      for pixel in pixels {
        let (n, p, q) = (pixel / (g.p * g.q), pixel / g.q % g.p, pixel % g.q)
        let (top, left) = (p * stride - padding, q * stride - padding)
        let rows = max(0, -top)..<min(window, g.h - top)
        let columns = max(0, -left)..<min(window, g.w - left)
        func input(_ r: Int, _ s: Int) -> UnsafeMutablePointer<Float> {
          from + ((n * g.h + top + r) * g.w + left + s) * g.c
        }
        let (out, first) = (to + pixel * g.c, input(rows.lowerBound, columns.lowerBound))
        let place = places.map { $0 + pixel * g.c }
        out.update(from: first, count: g.c)
        place?.update(
          repeating: Float(rows.lowerBound * window + columns.lowerBound), count: g.c)
        for r in rows {
          for s in columns {
            let (at, code) = (input(r, s), Float(r * window + s))
            for c in 0..<g.c where at[c] > out[c] || at[c].isNaN {
              out[c] = at[c]
              if let place { place[c] = code }
            }
          }
        }
      }
    }
  }

  public func maxPoolBackward(
    dy: Tensor, winners: Tensor, window: Int, stride: Int, padding: Int, into dx: Tensor,
    accumulate: Bool
  ) {
    let g = PoolingGeometry(
      .maxPoolBackward, input: dx.shape, output: dy.shape, window: window, stride: stride,
      padding: padding)
    precondition(
      winners.shape == dy.shape, "maxPoolBackward: dy \(dy.shape), winners \(winners.shape)")
    let (from, places, to) = (pointer(dy), pointer(winners), pointer(dx))
    parallel(over: g.n * g.h * g.w, chunk: 16) { pixels in
      for pixel in pixels {
        let (n, h, w) = (pixel / (g.h * g.w), pixel / g.w % g.h, pixel % g.w)
        let (row, column, out) = (h + padding, w + padding, to + pixel * g.c)
        if !accumulate { out.update(repeating: 0, count: g.c) }
        let first = (
          p: row < window ? 0 : (row - window) / stride + 1,
          q: column < window ? 0 : (column - window) / stride + 1
        )
        for p in first.p..<max(first.p, min(g.p, row / stride + 1)) {
          for q in first.q..<max(first.q, min(g.q, column / stride + 1)) {
            let at = ((n * g.p + p) * g.q + q) * g.c
            let code = Float((row - p * stride) * window + column - q * stride)
            for c in 0..<g.c where places[at + c] == code { out[c] += from[at + c] }
          }
        }
      }
    }
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
