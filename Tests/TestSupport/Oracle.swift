public import Tensors

/// The ops as their formulas say, in double, element by element: what the backends are held
/// against. Shares no code with them.
public enum Oracle {
  /// A tensor in double, row-major.
  public struct Array4: Sendable {
    public var sizes: [Int]
    public var values: [Double]

    public init(_ shape: Shape, _ values: [Double]) { (sizes, self.values) = (shape.sizes, values) }
    public init(zeros sizes: [Int]) {
      self.init(Shape(sizes), [Double](repeating: 0, count: sizes.reduce(1, *)))
    }
    public init(_ shape: Shape, _ values: [Float]) { self.init(shape, values.map { Double($0) }) }

    private func at(_ a: Int, _ b: Int, _ c: Int, _ d: Int) -> Int {
      ((a * sizes[1] + b) * sizes[2] + c) * sizes[3] + d
    }
    subscript(_ a: Int, _ b: Int, _ c: Int, _ d: Int) -> Double {
      get { values[at(a, b, c, d)] }
      set { values[at(a, b, c, d)] = newValue }
    }
  }

  // MARK: Convolution

  /// Calls `body` for every product that a convolution sums.
  private static func eachTap(
    x: [Int], w: [Int], y: [Int], stride: Int, padding: Int,
    _ body: (_ n: Int, _ h: Int, _ v: Int, _ r: Int, _ s: Int, _ p: Int, _ q: Int) -> Void
  ) {
    for n in 0..<y[0] {
      for p in 0..<y[1] {
        for q in 0..<y[2] {
          for r in 0..<w[0] {
            for s in 0..<w[1] {
              let h = p * stride + r - padding
              let v = q * stride + s - padding
              if h >= 0, h < x[1], v >= 0, v < x[2] { body(n, h, v, r, s, p, q) }
            }
          }
        }
      }
    }
  }

  public static func convolution(
    _ x: Array4, _ w: Array4, stride: Int, padding: Int
  ) -> Array4 {
    let p = (x.sizes[1] + 2 * padding - w.sizes[0]) / stride + 1
    let q = (x.sizes[2] + 2 * padding - w.sizes[1]) / stride + 1
    var y = Array4(zeros: [x.sizes[0], p, q, w.sizes[3]])
    eachTap(x: x.sizes, w: w.sizes, y: y.sizes, stride: stride, padding: padding) {
      n, h, v, r, s, p, q in
      for k in 0..<w.sizes[3] {
        for c in 0..<w.sizes[2] { y[n, p, q, k] += x[n, h, v, c] * w[r, s, c, k] }
      }
    }
    return y
  }

  public static func convolutionDataGradient(
    _ dy: Array4, _ w: Array4, input: [Int], stride: Int, padding: Int
  ) -> Array4 {
    var dx = Array4(zeros: input)
    eachTap(x: input, w: w.sizes, y: dy.sizes, stride: stride, padding: padding) {
      n, h, v, r, s, p, q in
      for k in 0..<w.sizes[3] {
        for c in 0..<w.sizes[2] { dx[n, h, v, c] += dy[n, p, q, k] * w[r, s, c, k] }
      }
    }
    return dx
  }

  public static func convolutionFilterGradient(
    _ x: Array4, _ dy: Array4, filter: [Int], stride: Int, padding: Int
  ) -> Array4 {
    var dw = Array4(zeros: filter)
    eachTap(x: x.sizes, w: filter, y: dy.sizes, stride: stride, padding: padding) {
      n, h, v, r, s, p, q in
      for k in 0..<filter[3] {
        for c in 0..<filter[2] { dw[r, s, c, k] += x[n, h, v, c] * dy[n, p, q, k] }
      }
    }
    return dw
  }

  // MARK: Batch norm (values as rows of `channels`)

  public static func statistics(
    _ x: [Double], channels: Int
  ) -> (mean: [Double], variance: [Double]) {
    let rows = x.count / channels
    let mean = (0..<channels).map { c in
      (0..<rows).reduce(0) { $0 + x[$1 * channels + c] } / Double(rows)
    }
    let variance = (0..<channels).map { c in
      (0..<rows).reduce(0) {
        let d = x[$1 * channels + c] - mean[c]
        return $0 + d * d
      } / Double(rows)
    }
    return (mean, variance)
  }

  public struct BatchNorm: Sendable {
    public var mean: [Double], variance: [Double], gamma: [Double], beta: [Double]
    public var activation: Activation, ofBatch: Bool
    public let epsilon = Double(Float(1e-5))

    public init(
      mean: [Double], variance: [Double], gamma: [Double], beta: [Double],
      activation: Activation, ofBatch: Bool
    ) {
      (self.mean, self.variance, self.gamma, self.beta) = (mean, variance, gamma, beta)
      (self.activation, self.ofBatch) = (activation, ofBatch)
    }

    public func forward(_ x: [Double], residual: [Double]?) -> [Double] {
      let channels = gamma.count
      let (mean, variance) =
        ofBatch ? Oracle.statistics(x, channels: channels) : (self.mean, self.variance)
      return x.indices.map { i in
        let c = i % channels
        let normal = (x[i] - mean[c]) / (variance[c] + epsilon).squareRoot()
        let value = gamma[c] * normal + beta[c] + (residual?[i] ?? 0)
        switch activation {
        case .none: return value
        case .relu: return max(value, 0)
        case .relu6: return min(max(value, 0), 6)
        }
      }
    }

    public func backward(
      _ dy: [Double], x: [Double], y: [Double]
    ) -> (dx: [Double], dgamma: [Double], dbeta: [Double], dresidual: [Double]) {
      let channels = gamma.count
      let rows = Double(x.count / channels)
      let (mean, variance) =
        ofBatch ? Oracle.statistics(x, channels: channels) : (self.mean, self.variance)
      let g = dy.indices.map { i in
        switch activation {
        case .none: dy[i]
        case .relu: y[i] > 0 ? dy[i] : 0
        case .relu6: y[i] > 0 && y[i] < 6 ? dy[i] : 0
        }
      }
      var dgamma = [Double](repeating: 0, count: channels)
      var dbeta = dgamma
      func normal(_ i: Int) -> Double {
        (x[i] - mean[i % channels]) / (variance[i % channels] + epsilon).squareRoot()
      }
      for i in g.indices {
        dbeta[i % channels] += g[i]
        dgamma[i % channels] += g[i] * normal(i)
      }
      let dx = g.indices.map { i in
        let c = i % channels
        let scale = gamma[c] / (variance[c] + epsilon).squareRoot()
        let through = ofBatch ? (dbeta[c] + normal(i) * dgamma[c]) / rows : 0
        return scale * (g[i] - through)
      }
      return (dx, dgamma, dbeta, g)
    }
  }

  // MARK: Shortcut and pooling

  public static func shortcut(_ x: Array4, stride: Int, channels: Int) -> Array4 {
    var y = Array4(zeros: [
      x.sizes[0], (x.sizes[1] + stride - 1) / stride, (x.sizes[2] + stride - 1) / stride, channels,
    ])
    eachShortcut(x.sizes, y.sizes, stride) { y[$0, $1, $2, $3] = x[$0, $4, $5, $6] }
    return y
  }

  public static func shortcutBackward(_ dy: Array4, input: [Int], stride: Int) -> Array4 {
    var dx = Array4(zeros: input)
    eachShortcut(input, dy.sizes, stride) { dx[$0, $4, $5, $6] += dy[$0, $1, $2, $3] }
    return dx
  }

  /// (n, p, q, k) of the output and (h, w, c) of the input that it copies.
  private static func eachShortcut(
    _ x: [Int], _ y: [Int], _ stride: Int, _ body: (Int, Int, Int, Int, Int, Int, Int) -> Void
  ) {
    for n in 0..<y[0] {
      for p in 0..<y[1] {
        for q in 0..<y[2] {
          for c in 0..<x[3] {
            body(n, p, q, c + (y[3] - x[3]) / 2, p * stride, q * stride, c)
          }
        }
      }
    }
  }

  public static func averagePool(
    _ x: Array4, window: (Int, Int), stride: Int
  ) -> Array4 {
    var y = Array4(zeros: [
      x.sizes[0], (x.sizes[1] - window.0) / stride + 1, (x.sizes[2] - window.1) / stride + 1,
      x.sizes[3],
    ])
    eachPooled(y.sizes, window, stride) { n, p, q, c, h, w in
      y[n, p, q, c] += x[n, h, w, c] / Double(window.0 * window.1)
    }
    return y
  }

  public static func averagePoolBackward(
    _ dy: Array4, input: [Int], window: (Int, Int), stride: Int
  ) -> Array4 {
    var dx = Array4(zeros: input)
    eachPooled(dy.sizes, window, stride) { n, p, q, c, h, w in
      dx[n, h, w, c] += dy[n, p, q, c] / Double(window.0 * window.1)
    }
    return dx
  }

  static func eachPooled(
    _ y: [Int], _ window: (Int, Int), _ stride: Int,
    _ body: (Int, Int, Int, Int, Int, Int) -> Void
  ) {
    for n in 0..<y[0] {
      for p in 0..<y[1] {
        for q in 0..<y[2] {
          for c in 0..<y[3] {
            for r in 0..<window.0 {
              for s in 0..<window.1 { body(n, p, q, c, p * stride + r, q * stride + s) }
            }
          }
        }
      }
    }
  }

  // MARK: Matrices and loss

  /// op(a) · op(b), a `[m, k]` or, transposed, `[k, m]`.
  public static func product(
    _ a: [Double], _ b: [Double], m: Int, n: Int, k: Int, transposeA: Bool = false,
    transposeB: Bool = false
  ) -> [Double] {
    (0..<m * n).map { i in
      (0..<k).reduce(0) { sum, l in
        sum + a[transposeA ? l * m + i / n : i / n * k + l]
          * b[transposeB ? i % n * k + l : l * n + i % n]
      }
    }
  }

  public static func softmax(_ row: ArraySlice<Double>) -> [Double] {
    let top = row.max() ?? 0
    let terms = row.map { exponential($0 - top) }
    let total = terms.reduce(0, +)
    return terms.map { $0 / total }
  }

  public static func crossEntropy(
    _ logits: [Double], _ labels: [Int32], classes: Int, divisor: Double, smoothing: Double = 0
  ) -> Double {
    labels.enumerated().reduce(0) { sum, entry in
      let (n, label) = entry
      guard label >= 0 else { return sum }
      let row = logits[n * classes..<(n + 1) * classes]
      let top = row.max()!
      let total = row.reduce(0) { $0 + exponential($1 - top) }
      let surprises = row.map { logarithm(total) + top - $0 }
      let others = surprises.reduce(0, +) / Double(classes)
      return sum + ((1 - smoothing) * surprises[Int(label)] + smoothing * others) / divisor
    }
  }

  public static func crossEntropyBackward(
    _ logits: [Double], _ labels: [Int32], classes: Int, divisor: Double,
    smoothing: Double = 0, dloss: Double
  ) -> [Double] {
    labels.enumerated().flatMap { n, label -> [Double] in
      guard label >= 0 else { return [Double](repeating: 0, count: classes) }
      let share = softmax(logits[n * classes..<(n + 1) * classes])
      return share.enumerated().map { k, share in
        let wanted = (k == Int(label) ? 1 - smoothing : 0) + smoothing / Double(classes)
        return dloss * (share - wanted) / divisor
      }
    }
  }
}
