import Networks
import Tensors
import TestSupport
import Testing

@Suite struct InitializerTests {
  static func weights(
    seed: UInt64, classes: Int = 10, linearSeed: UInt64? = nil
  ) throws -> [String: [Float]] {
    let backend = makeBackend()
    let architecture = Architecture(depth: 8, split: .stage2)
    let extractor = architecture.makeExtractor(on: backend, seed: seed)
    let head = architecture.makeHead(
      classes: classes, on: backend, seed: seed, linearSeed: linearSeed)
    return try (extractor.parameters + head.parameters).snapshot(on: backend)
  }

  @Test func filtersAreNormalWithFanOutVariance() {
    let shape: Shape = [3, 3, 64, 64]
    let values = Initializer.heFanOut(shape, seed: 3, stream: 4).map { Double($0) }
    let n = Double(values.count)
    let deviation = (2.0 / (9 * 64)).squareRoot()
    let mean = values.reduce(0, +) / n
    let variance = values.reduce(0) { $0 + $1 * $1 } / n
    // Four standard errors of 36,864 draws.
    #expect(abs(mean) <= 4 * deviation / n.squareRoot())
    #expect(abs(variance / (deviation * deviation) - 1) <= 4 * (2 / n).squareRoot())
    // A normal has 68.27 % within one deviation and 0.27 % beyond three.
    let within = Double(values.filter { abs($0) < deviation }.count) / n
    let beyond = Double(values.filter { abs($0) > 3 * deviation }.count) / n
    #expect(abs(within - 0.6827) <= 0.01)
    #expect(abs(beyond - 0.0027) <= 0.0011)
  }

  @Test func oddCountsAreDrawnInFull() {
    #expect(Initializer.heFanOut([1, 1, 3, 5], seed: 1, stream: 0).count == 15)
  }

  @Test func linearWeightsAreUniformInFanIn() {
    let values = Initializer.uniformFanIn([64, 100], seed: 3, stream: 4)
    #expect(values.allSatisfy { abs($0) <= 0.125 })
    #expect(values.max()! > 0.124 && values.min()! < -0.124)
    let mean = values.reduce(0, +) / Float(values.count)
    #expect(abs(mean) <= 0.004)
  }

  @Test func normsStartAtOneAndZero() throws {
    let weights = try Self.weights(seed: 1)
    #expect(weights["bn1.weight"] == Array(repeating: 1, count: 16))
    #expect(weights["bn1.bias"] == Array(repeating: 0, count: 16))
    #expect(weights["linear.bias"] == Array(repeating: 0, count: 10))
  }

  @Test func equalSeedsGiveEqualWeights() throws {
    #expect(try Self.weights(seed: 7) == Self.weights(seed: 7))
  }

  @Test func otherSeedsGiveOtherWeights() throws {
    let (a, b) = (try Self.weights(seed: 7), try Self.weights(seed: 8))
    for name in a.keys where name.contains("conv") || name == "linear.weight" {
      #expect(a[name] != b[name], "\(name)")
    }
  }

  @Test func noTwoFiltersOfANetworkAreEqual() throws {
    let filters = try Self.weights(seed: 7).filter { $0.key.contains("conv") }
    #expect(Set(filters.values.map { $0[0] }).count == filters.count)
  }

  /// With other class counts everything but the linear layer is the same.
  @Test func classCountsChangeTheLinearLayerAlone() throws {
    let (a, b) = (try Self.weights(seed: 7), try Self.weights(seed: 7, classes: 4))
    #expect(b["linear.weight"]?.count == 64 * 4)
    for name in a.keys where !name.hasPrefix("linear") { #expect(a[name] == b[name], "\(name)") }
  }

  @Test func theLinearLayerMayHaveASeedOfItsOwn() throws {
    let (a, b) = (try Self.weights(seed: 7), try Self.weights(seed: 7, linearSeed: 9))
    for name in a.keys { #expect((a[name] == b[name]) == (name != "linear.weight"), "\(name)") }
    #expect(try b["linear.weight"] == Self.weights(seed: 9)["linear.weight"])
  }

  @Test func copiedValuesAreEqualAndApart() throws {
    let backend = makeBackend()
    let architecture = Architecture(depth: 8, split: .stage2)
    let source = architecture.makeHead(classes: 10, on: backend, seed: 1).parameters
    let target = architecture.makeHead(classes: 10, on: backend, seed: 2).parameters
    target.copyValues(from: source, on: backend)
    let copied = try source.snapshot(on: backend)
    #expect(try target.snapshot(on: backend) == copied)
    for parameter in target { backend.fill(parameter.value, with: 0) }
    #expect(try source.snapshot(on: backend) == copied)
  }
}
