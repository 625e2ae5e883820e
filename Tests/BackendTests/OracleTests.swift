import Tensors
import TestSupport
import Testing

/// The oracle's gradients against central differences of its own forward passes, and what it
/// cannot show.
@Suite struct OracleTests {
  /// d(Σ y·dy)/dx by central differences, against `gradient`.
  private func expectGradient(
    of x: [Double], _ gradient: [Double], dy: [Double], _ forward: ([Double]) -> [Double]
  ) {
    let h = 1e-5
    for i in x.indices {
      var moved = x
      moved[i] += h
      let above = zip(forward(moved), dy).reduce(0) { $0 + $1.0 * $1.1 }
      moved[i] -= 2 * h
      let below = zip(forward(moved), dy).reduce(0) { $0 + $1.0 * $1.1 }
      #expect(abs((above - below) / (2 * h) - gradient[i]) <= 1e-7)
    }
  }

  @Test(arguments: [1, 2]) func convolution(stride: Int) {
    let x: Shape = [2, 5, 4, 2]
    let w: Shape = [3, 3, 2, 3]
    let y = Oracle.convolution(
      .init(x, doubles(x, 1)), .init(w, doubles(w, 2)), stride: stride, padding: 1)
    let dy = Oracle.Array4(Shape(y.sizes), doubles(Shape(y.sizes), 3))
    expectGradient(
      of: doubles(x, 1),
      Oracle.convolutionDataGradient(
        dy, .init(w, doubles(w, 2)), input: x.sizes, stride: stride, padding: 1
      ).values, dy: dy.values
    ) {
      Oracle.convolution(.init(x, $0), .init(w, doubles(w, 2)), stride: stride, padding: 1).values
    }
    expectGradient(
      of: doubles(w, 2),
      Oracle.convolutionFilterGradient(
        .init(x, doubles(x, 1)), dy, filter: w.sizes, stride: stride, padding: 1
      ).values, dy: dy.values
    ) {
      Oracle.convolution(.init(x, doubles(x, 1)), .init(w, $0), stride: stride, padding: 1).values
    }
  }

  @Test(arguments: [true, false]) func batchNorm(ofBatch: Bool) {
    let shape: Shape = [7, 3]
    let x = doubles(shape, 1)
    let dy = doubles(shape, 2)
    var norm = Oracle.BatchNorm(
      mean: [0.1, -0.2, 0.3], variance: [0.5, 1, 2], gamma: [1, -0.5, 2], beta: [0.1, 0.2, -0.1],
      activation: .relu, ofBatch: ofBatch)
    let residual = doubles(shape, 3)
    let g = norm.backward(dy, x: x, y: norm.forward(x, residual: residual))
    expectGradient(of: x, g.dx, dy: dy) { norm.forward($0, residual: residual) }
    expectGradient(of: residual, g.dresidual, dy: dy) { norm.forward(x, residual: $0) }
    let (gamma, beta) = (norm.gamma, norm.beta)
    expectGradient(of: gamma, g.dgamma, dy: dy) {
      norm.gamma = $0
      defer { norm.gamma = gamma }
      return norm.forward(x, residual: residual)
    }
    expectGradient(of: beta, g.dbeta, dy: dy) {
      norm.beta = $0
      defer { norm.beta = beta }
      return norm.forward(x, residual: residual)
    }
  }

  @Test func shortcutAndPooling() {
    let x: Shape = [2, 5, 4, 2]
    let y = Oracle.shortcut(.init(x, doubles(x, 1)), stride: 2, channels: 6)
    let dy = doubles(Shape(y.sizes), 2)
    expectGradient(
      of: doubles(x, 1),
      Oracle.shortcutBackward(.init(Shape(y.sizes), dy), input: x.sizes, stride: 2).values, dy: dy
    ) { Oracle.shortcut(.init(x, $0), stride: 2, channels: 6).values }
    let pooled = Oracle.averagePool(.init(x, doubles(x, 1)), window: (3, 2), stride: 1)
    let dpooled = doubles(Shape(pooled.sizes), 3)
    expectGradient(
      of: doubles(x, 1),
      Oracle.averagePoolBackward(
        .init(Shape(pooled.sizes), dpooled), input: x.sizes, window: (3, 2), stride: 1
      ).values, dy: dpooled
    ) { Oracle.averagePool(.init(x, $0), window: (3, 2), stride: 1).values }
  }

  @Test func maxPooling() {
    let x: Shape = [2, 5, 6, 2]
    let (y, places) = Oracle.maxPool(.init(x, doubles(x, 1)), window: 3, stride: 2, padding: 1)
    let dy = doubles(Shape(y.sizes), 2)
    expectGradient(
      of: doubles(x, 1),
      Oracle.maxPoolBackward(
        .init(Shape(y.sizes), dy), places: places, input: x.sizes, window: 3, stride: 2, padding: 1
      ).values, dy: dy
    ) { Oracle.maxPool(.init(x, $0), window: 3, stride: 2, padding: 1).y.values }
  }

  @Test func crossEntropy() {
    let logits = doubles([4, 3], 1)
    let labels: [Int32] = [2, -1, 0, 1]
    expectGradient(
      of: logits,
      Oracle.crossEntropyBackward(logits, labels, classes: 3, divisor: 4, dloss: 0.7), dy: [0.7]
    ) { [Oracle.crossEntropy($0, labels, classes: 3, divisor: 4)] }
  }
}
