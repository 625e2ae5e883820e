extension Oracle {
  /// Calls `body` for every product that a depthwise convolution sums; sizes `[N, H, W, C]`,
  /// `[R, S, C]`, `[N, P, Q, C]`.
  private static func eachProduct(
    x: [Int], w: [Int], y: [Int], stride: Int, padding: Int,
    _ body: (_ n: Int, _ h: Int, _ v: Int, _ r: Int, _ s: Int, _ p: Int, _ q: Int, _ c: Int) -> Void
  ) {
    for n in 0..<y[0] {
      for p in 0..<y[1] {
        for q in 0..<y[2] {
          for r in 0..<w[0] {
            for s in 0..<w[1] {
              let (h, v) = (p * stride + r - padding, q * stride + s - padding)
              guard h >= 0, h < x[1], v >= 0, v < x[2] else { continue }
              for c in 0..<w[2] { body(n, h, v, r, s, p, q, c) }
            }
          }
        }
      }
    }
  }

  /// - Parameter w: as `[1, R, S, C]`.
  public static func depthwise(_ x: Array4, _ w: Array4, stride: Int, padding: Int) -> Array4 {
    let filter = Array(w.sizes.dropFirst())
    let p = (x.sizes[1] + 2 * padding - filter[0]) / stride + 1
    let q = (x.sizes[2] + 2 * padding - filter[1]) / stride + 1
    var y = Array4(zeros: [x.sizes[0], p, q, filter[2]])
    eachProduct(x: x.sizes, w: filter, y: y.sizes, stride: stride, padding: padding) {
      n, h, v, r, s, p, q, c in
      y[n, p, q, c] += x[n, h, v, c] * w[0, r, s, c]
    }
    return y
  }

  public static func depthwiseDataGradient(
    _ dy: Array4, _ w: Array4, input: [Int], stride: Int, padding: Int
  ) -> Array4 {
    var dx = Array4(zeros: input)
    eachProduct(
      x: input, w: Array(w.sizes.dropFirst()), y: dy.sizes, stride: stride, padding: padding
    ) { n, h, v, r, s, p, q, c in
      dx[n, h, v, c] += dy[n, p, q, c] * w[0, r, s, c]
    }
    return dx
  }

  /// - Parameter filter: `[R, S, C]`.
  public static func depthwiseFilterGradient(
    _ x: Array4, _ dy: Array4, filter: [Int], stride: Int, padding: Int
  ) -> Array4 {
    var dw = Array4(zeros: [1] + filter)
    eachProduct(x: x.sizes, w: filter, y: dy.sizes, stride: stride, padding: padding) {
      n, h, v, r, s, p, q, c in
      dw[0, r, s, c] += x[n, h, v, c] * dy[n, p, q, c]
    }
    return dw
  }
}
