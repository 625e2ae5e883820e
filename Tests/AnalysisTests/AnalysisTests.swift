import Analysis
import Foundation
import Tensors
import Testing

@Suite struct FeatureStatisticsTests {
  /// Waves that NumPy was given too; the second's channels lie 100 apart.
  static let rows = 60
  static let first = (0..<rows * 4).map { i in
    Float(sin(1 + Double(i / 4) * 0.7 + Double(i % 4) * 1.3))
  }
  static let second = (0..<rows * 5).map { i in
    let (row, c) = (Double(i / 5), Double(i % 5))
    return Float(cos(row * 0.3 + c * 0.9) + 0.5 * sin(1 + row * 0.7) + c * 100)
  }

  static func gather(batches: [Int]) -> FeatureStatistics {
    var statistics = FeatureStatistics(channels: 4, 5)
    var row = 0
    for batch in batches {
      statistics.add(
        Array(first[row * 4..<(row + batch) * 4]), Array(second[row * 5..<(row + batch) * 5]))
      row += batch
    }
    return statistics
  }

  /// numpy.corrcoef and the formula of linear CKA in NumPy 2.
  @Test(arguments: [[60], [7, 1, 32, 20], [0, 59, 1]])
  func agreesWithNumPyHoweverItIsCutIntoBatches(_ batches: [Int]) {
    let statistics = Self.gather(batches: batches)
    let expected: [[Double]] = [
      [
        0.4666807969488526, 0.4780858426961871, 0.4578989784287706, 0.4429810690819206,
        0.4397900281199757,
      ],
      [
        0.0749605079417193, 0.0732576667881389, 0.1113663471056459, 0.1651603741578553,
        0.1960790700523140,
      ],
      [
        -0.4323934858148217, -0.4448481512170905, -0.4040630592546080, -0.3602358315908406,
        -0.3404950750814282,
      ],
      [
        -0.3028238810822782, -0.3077335205281667, -0.3237747432562419, -0.3536920176673217,
        -0.3737710491376116,
      ],
    ]
    #expect(statistics.count == 60)
    for (got, expected) in zip(statistics.crossCorrelation, expected) {
      #expect(zip(got, expected).allSatisfy { abs($0 - $1) < 1e-9 })
    }
    #expect(abs(statistics.linearCKA - 0.2646398547315733) < 1e-9)
  }

  @Test func anExtractorIsItselfUpToScale() {
    var statistics = FeatureStatistics(channels: 4, 4)
    statistics.add(Self.first, Self.first.map { -3 * $0 })
    let correlation = statistics.crossCorrelation
    #expect((0..<4).allSatisfy { abs(correlation[$0][$0] + 1) < 1e-6 })
    #expect(abs(statistics.linearCKA - 1) < 1e-6)
  }

  @Test func aChannelThatDoesNotVaryCorrelatesWithNothing() {
    var statistics = FeatureStatistics(channels: 1, 1)
    statistics.add([2, 2, 2], [1, 2, 3])
    #expect(statistics.crossCorrelation == [[0]])
    #expect(statistics.linearCKA == 0)
  }
}

@Suite struct ChannelMatchingTests {
  static func weights(_ n: Int, seed: UInt64) -> [[Double]] {
    var random = RandomStream(seed: seed, .syntheticImages)
    return (0..<n).map { _ in (0..<n).map { _ in Double(2 * random.uniform() - 1) } }
  }

  static func permutations(_ n: Int) -> [[Int]] {
    if n == 0 { return [[]] }
    return permutations(n - 1).flatMap { shorter in
      (0..<n).map { at in Array(shorter[..<at]) + [n - 1] + Array(shorter[at...]) }
    }
  }

  @Test(arguments: 1...7) func noPermutationIsBetter(_ n: Int) {
    for seed in 0..<20 as Range<UInt64> {
      let weights = Self.weights(n, seed: seed)
      let found = ChannelMatching.assignment(maximizing: weights)
      #expect(found.sorted() == Array(0..<n))
      func total(_ partners: [Int]) -> Double {
        partners.enumerated().reduce(0) { $0 + weights[$1.offset][$1.element] }
      }
      #expect(abs(total(found) - Self.permutations(n).map(total).max()!) < 1e-12)
    }
  }

  @Test func aHiddenPermutationIsFound() {
    let hidden = RandomStream(seed: 1, .syntheticImages).shuffled(64)
    let noise = Self.weights(64, seed: 2)
    let weights = (0..<64).map { i in
      (0..<64).map { j in hidden[i] == j ? 0.5 : 0.2 * noise[i][j] }
    }
    let best = ChannelMatching(bestOf: weights)
    #expect(best.partners == hidden)
    #expect(abs(best.mean - 0.5) < 1e-12)
    #expect(ChannelMatching(identityOf: weights).partners == Array(0..<64))
  }

  @Test func correlationsAreSortedForThePlot() {
    let matching = ChannelMatching(identityOf: [[0.1, 0], [0, 0.9]])
    #expect(matching.sorted == [0.9, 0.1])
    #expect(ChannelMatching.assignment(maximizing: []) == [])
  }
}

extension RandomStream {
  fileprivate func shuffled(_ count: Int) -> [Int] {
    var stream = self
    return stream.permutation(count)
  }
}
