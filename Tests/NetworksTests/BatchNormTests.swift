import Autograd
import Networks
import Tensors
import TestSupport
import Testing

@Suite struct BatchNormTests {
  /// Four rows of two channels: means 2.5 and 0, biased variances 1.25 and 4.
  static let rows: [Float] = [1, -2, 2, 2, 3, -2, 4, 2]

  static func forward(
    _ layer: BatchNorm, _ statistics: BatchNormStatistics, on backend: any Backend,
    recording: Bool = true
  ) throws -> [Float] {
    let x = Variable(backend.makeTensor([1, 2, 2, 2], rows))
    let tape = Tape(on: backend, recording: recording)
    return try backend.download(
      layer(x, ForwardContext(tape: tape, statistics: statistics)).value)
  }

  static func running(_ layer: BatchNorm, _ backend: any Backend) throws -> [[Float]] {
    try [layer.runningMean, layer.runningVariance].map { try backend.download($0.value) }
  }

  static func near(_ a: [Float], _ b: [Float]) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= 1e-5 }
  }

  @Test(arguments: [true, false])
  func theBatchsOwnStatisticsNormalize(_ recording: Bool) throws {
    let backend = makeBackend()
    let layer = BatchNorm("bn", channels: 2, activation: .none, on: backend)
    let y = try Self.forward(
      layer, .batch(updateRunning: true), on: backend, recording: recording)
    let step = 1 / (1.25 + 1e-5 as Float).squareRoot()
    let first: [Float] = [-1.5 * step, -0.5 * step, 0.5 * step, 1.5 * step]
    let expected: [Float] = [first[0], -1, first[1], 1, first[2], -1, first[3], 1]
    #expect(Self.near(y, expected))
    // Momentum 0.1, the variance unbiased, 4/3 of the biased one: 0.9 + 0.1 · 1.25 · 4/3.
    let running = try Self.running(layer, backend)
    #expect(Self.near(running[0], [0.25, 0]))
    let variances: [Float] = [1.066_666_7, 1.433_333_3]
    #expect(Self.near(running[1], variances))
  }

  @Test func runningStatisticsMoveOnlyWhenAsked() throws {
    let backend = makeBackend()
    let layer = BatchNorm("bn", channels: 2, activation: .none, on: backend)
    let asked = try Self.forward(layer, .batch(updateRunning: false), on: backend)
    #expect(try Self.running(layer, backend) == [[0, 0], [1, 1]])
    #expect(try Self.forward(layer, .batch(updateRunning: true), on: backend) == asked)
  }

  /// A frozen layer keeps them, and normalizes by the batch all the same.
  @Test func aFrozenLayerKeepsItsRunningStatistics() throws {
    let backend = makeBackend()
    let layer = BatchNorm("bn", channels: 2, activation: .none, on: backend)
    let free = try Self.forward(layer, .batch(updateRunning: false), on: backend)
    for parameter in layer.parameters { parameter.isFrozen = true }
    #expect(try Self.forward(layer, .batch(updateRunning: true), on: backend) == free)
    #expect(try Self.running(layer, backend) == [[0, 0], [1, 1]])
  }

  @Test func runningStatisticsAreConstants() throws {
    let backend = makeBackend()
    let layer = BatchNorm("bn", channels: 2, activation: .relu, on: backend)
    backend.upload([2, 1], to: layer.runningMean.value)
    backend.upload([4, 9], to: layer.runningVariance.value)
    let y = try Self.forward(layer, .running, on: backend)
    let third: Float = 1 / 3
    let expected: [Float] = [0, 0, 0, third, 0.5, 0, 1, third]
    #expect(Self.near(y, expected))
    #expect(try Self.running(layer, backend) == [[2, 1], [4, 9]])
  }

  /// One image: (N · running + batch) / (N + 1), the batch's variance unbiased, as constants.
  @Test(arguments: TestedBackend.available, [0, 3])
  func blendedStatisticsAreInBetween(_ tested: TestedBackend, sourceImages: Int) throws {
    let backend = try tested.make()
    let layer = BatchNorm("bn", channels: 2, activation: .none, on: backend)
    backend.upload([2, 1], to: layer.runningMean.value)
    backend.upload([4, 9], to: layer.runningVariance.value)
    let y = try Self.forward(layer, .blended(sourceImages: sourceImages), on: backend)
    let n = Float(sourceImages)
    let (means, variances): ([Float], [Float]) = (
      [(2 * n + 2.5) / (n + 1), n / (n + 1)],
      [(4 * n + 5 / 3) / (n + 1), (9 * n + 16 / 3) / (n + 1)]
    )
    let expected = Self.rows.enumerated().map { index, value in
      (value - means[index % 2]) / (variances[index % 2] + 1e-5).squareRoot()
    }
    #expect(Self.near(y, expected))
    #expect(try Self.running(layer, backend) == [[2, 1], [4, 9]])
  }

  @Test func allButNormsFreeze() {
    let backend = makeBackend()
    let layers = Architecture(name: .wideResNet, depth: 10, split: .stage2)
      .makeExtractor(on: backend, seed: 0)
    layers.freezeAllButNorms()
    for parameter in layers.parameters {
      #expect(parameter.isFrozen == !parameter.name.contains("bn"), "\(parameter.name)")
    }
    #expect(layers.parameters.contains { !$0.isFrozen })
  }
}
