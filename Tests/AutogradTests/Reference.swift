import Tensors

/// A tensor in double, for forward passes that central differences are taken of.
struct Doubles: Sendable {
  var sizes: [Int]
  var values: [Double]

  init(_ sizes: [Int], _ values: [Double]) { (self.sizes, self.values) = (sizes, values) }

  init(zeros sizes: [Int]) { self.init(sizes, Array(repeating: 0, count: sizes.reduce(1, *))) }

  /// Random numbers in ±1 that are `Float`s, so that the tape starts from the very same ones.
  init(random sizes: [Int], stream: UInt32) {
    var random = RandomStream(seed: 17, .syntheticImages, stream: stream)
    self.init(sizes, (0..<sizes.reduce(1, *)).map { _ in Double(2 * random.uniform() - 1) })
  }

  var shape: Shape { Shape(sizes) }
  var floats: [Float] { values.map { Float($0) } }

  /// Row-major.
  subscript(_ i: Int, _ j: Int) -> Double {
    get { values[i * sizes[1] + j] }
    set { values[i * sizes[1] + j] = newValue }
  }

  subscript(_ i: Int, _ j: Int, _ k: Int, _ l: Int) -> Double {
    get { values[((i * sizes[1] + j) * sizes[2] + k) * sizes[3] + l] }
    set { values[((i * sizes[1] + j) * sizes[2] + k) * sizes[3] + l] = newValue }
  }

  func map(_ body: (Double) -> Double) -> Doubles { Doubles(sizes, values.map(body)) }

  static func + (a: Doubles, b: Doubles) -> Doubles {
    Doubles(a.sizes, zip(a.values, b.values).map(+))
  }

  static func * (a: Doubles, factor: Double) -> Doubles { a.map { $0 * factor } }
}
