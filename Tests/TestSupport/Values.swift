public import Tensors

/// Random numbers in ±1, the same for equal (shape, stream); multiples of 2⁻²⁴.
public func values(_ shape: Shape, _ stream: UInt32) -> [Float] {
  var random = RandomStream(seed: 99, .syntheticImages, stream: stream)
  return (0..<shape.count).map { _ in 2 * random.uniform() - 1 }
}

/// The same in double.
public func doubles(_ shape: Shape, _ stream: UInt32) -> [Double] {
  values(shape, stream).map { Double($0) }
}

/// max |got − expected| / max |expected|; infinite where something is no number.
public func relativeError(_ got: [Float], _ expected: [Double]) -> Double {
  precondition(got.count == expected.count, "\(got.count) values against \(expected.count)")
  var worst = 0.0
  var scale = 0.0
  for (a, b) in zip(got, expected) {
    guard a.isFinite else { return .infinity }
    worst = max(worst, abs(Double(a) - b))
    scale = max(scale, abs(b))
  }
  return scale == 0 ? worst : worst / scale
}
