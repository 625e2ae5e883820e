import Analysis
import Foundation
import TestSupport
import Testing

/// Closed-form maps between channels, against NumPy and SciPy (`NumPyValues`) and by definition.
@Suite struct AlignmentTests {
  /// Uniform in [-1, 1), multiples of 2⁻²³, as `Tools/make-alignment-fixtures.py` has them.
  static func noise(_ count: Int, stream: Int) -> [Double] {
    HashNoise.values(count, stream: stream)
  }

  static func features(_ rows: Int, stream: Int) -> (first: [Float], second: [Float]) {
    let x = noise(rows * 5, stream: stream).map { $0 + 2 }
    let y = noise(rows * 5, stream: stream + 1).enumerated().map { index, value in
      let (row, c) = (index / 5, index % 5)
      return value + x[row * 5 + (c + 1) % 5] + 0.5 * x[index]
    }
    return (x.map(Float.init), y.map(Float.init))
  }

  static func statistics(
    _ features: (first: [Float], second: [Float]), channels: Int = 5
  ) -> FeatureStatistics {
    var statistics = FeatureStatistics(channels: channels, channels)
    statistics.add(features.first, features.second)
    return statistics
  }

  func expectEqual(_ found: [Double], _ expected: [Double], within tolerance: Double = 1e-6) {
    #expect(found.count == expected.count)
    for (a, b) in zip(found, expected) { #expect(abs(a - b) <= tolerance, "\(a), \(b)") }
  }

  @Test func orthogonalMapsAreSciPys() throws {
    let map = try #require(Self.statistics(Self.features(60, stream: 0)).map(.orthogonal))
    let scale = NumPyValues.scale[0]
    expectEqual(map.weights.values, NumPyValues.rotation.map { $0 * scale })
    let product = map.weights * map.weights.transposed
    for i in 0..<5 {
      for j in 0..<5 { #expect(abs(product[i, j] - (i == j ? scale * scale : 0)) < 1e-6) }
    }
  }

  @Test func leastSquaresAreNumPys() throws {
    let map = try #require(
      Self.statistics(Self.features(60, stream: 0)).map(.leastSquares, ridge: 1e-2))
    expectEqual(map.weights.values, NumPyValues.weights)
    expectEqual(map.bias, NumPyValues.bias)
    let left = Self.statistics(Self.features(40, stream: 10)).unexplained(by: map)
    expectEqual([left], NumPyValues.unexplained)
  }

  /// What the means and deviations are afterwards, by loops over the values.
  @Test func rescaledChannelsHaveTheirPartnersMoments() throws {
    let (first, second) = Self.features(60, stream: 4)
    let statistics = Self.statistics((first, second))
    let map = try #require(statistics.map(.permutationRescaled))
    let order = statistics.order
    func moments(_ values: [Double]) -> [Double] {
      let mean = values.reduce(0, +) / Double(values.count)
      return [mean, values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)]
    }
    for k in 0..<5 {
      let mapped = (0..<60).map { row in
        (0..<5).reduce(map.bias[k]) { $0 + Double(first[row * 5 + $1]) * map.weights[$1, k] }
      }
      expectEqual(moments(mapped), moments((0..<60).map { Double(second[$0 * 5 + k]) }))
      #expect((0..<5).filter { map.weights[$0, k] != 0 } == [order[k]])
    }
  }

  @Test func aPermutationIsFound() throws {
    let (first, _) = Self.features(60, stream: 0)
    let order = [3, 0, 4, 2, 1]
    let second = (0..<300).map { first[$0 / 5 * 5 + order[$0 % 5]] }
    let statistics = Self.statistics((first, second))
    #expect(statistics.order == order)
    for method in AlignmentMethod.allCases {
      let map = try #require(statistics.map(method, ridge: 1e-9))
      #expect(statistics.unexplained(by: map) < 1e-12, "\(method)")
      for k in 0..<5 {
        for c in 0..<5 {
          #expect(abs(map.weights[c, k] - (c == order[k] ? 1 : 0)) < 1e-6, "\(method)")
        }
      }
    }
  }

  /// Statistics of parts, and those that are given as moments, are those of all values.
  @Test func statisticsAddUp() {
    let (first, second) = Self.features(60, stream: 0)
    let whole = Self.statistics((first, second))
    var parts = Self.statistics((Array(first[..<100]), Array(second[..<100])))
    parts.add(Self.statistics((Array(first[100...]), Array(second[100...]))))
    parts.add(FeatureStatistics(channels: 5, 5))
    #expect(parts.count == 60)
    for i in 0..<10 {
      for j in 0..<10 { #expect(abs(parts.covariance(i, j) - whole.covariance(i, j)) < 1e-12) }
    }
    expectEqual(parts.means.first + parts.means.second, whole.means.first + whole.means.second)
  }

  @Test func deadChannelsAndTooSmallRidgesAreNoTrouble() throws {
    // Channel 1 is 0 everywhere, channel 2 is channel 0.
    let noise = Self.noise(60, stream: 7)
    let first = noise.flatMap { [Float($0), Float(0), Float($0)] }
    let second = noise.flatMap { [Float($0), Float(2 * $0), Float(0)] }
    let statistics = Self.statistics((first, second), channels: 3)
    #expect(statistics.map(.leastSquares, ridge: 0) == nil)
    for method in AlignmentMethod.allCases {
      let map = try #require(statistics.map(method, ridge: 1e-6))
      #expect((map.weights.values + map.bias).allSatisfy { $0.isFinite }, "\(method)")
    }
    let least = try #require(statistics.map(.leastSquares, ridge: 1e-6))
    #expect(statistics.unexplained(by: least) < 1e-9)
  }

  // MARK: Decompositions

  @Test func singularValuesAreNumPys() {
    let found = SingularValues(of: DenseMatrix(7, 7, Self.noise(49, stream: 20)))
    expectEqual(found.values, NumPyValues.singularValues, within: 1e-12)
  }

  @Test(arguments: [1, 2, 7, 32, 33], [0, 1, 5])
  func decompositionsMakeTheMatrixAgain(_ n: Int, _ missing: Int) {
    var matrix = DenseMatrix(n, n, Self.noise(n * n, stream: 40 + n))
    // Rank n − missing: the last columns are sums of others, or zeros.
    for column in max(0, n - missing)..<n {
      for row in 0..<n { matrix[row, column] = n > 6 ? matrix[row, 0] - matrix[row, 1] : 0 }
    }
    let found = SingularValues(of: matrix)
    var scaled = found.u
    for i in 0..<n { for j in 0..<n { scaled[i, j] *= found.values[j] } }
    expectEqual((scaled * found.v.transposed).values, matrix.values, within: 1e-12)
    #expect(zip(found.values, found.values.dropFirst()).allSatisfy { $0 >= $1 && $1 >= 0 })
    for side in [found.u, found.v, found.nearestOrthogonal] {
      let product = side.transposed * side
      for i in 0..<n {
        for j in 0..<n { #expect(abs(product[i, j] - (i == j ? 1 : 0)) < 1e-11) }
      }
    }
  }

  @Test(arguments: [1, 3, 32]) func positiveDefiniteSystemsAreSolved(_ n: Int) throws {
    let half = DenseMatrix(n, n, Self.noise(n * n, stream: 50))
    var matrix = half * half.transposed
    for i in 0..<n { matrix[i, i] += 0.1 }
    let right = DenseMatrix(n, 2, Self.noise(2 * n, stream: 51))
    let solution = try #require(matrix.solved(for: right))
    expectEqual((matrix * solution).values, right.values, within: 1e-9)
    for i in 0..<n { matrix[i, i] -= 1000 }
    #expect(matrix.solved(for: right) == nil)
  }

  // MARK: Neighbors

  /// Forty images of five classes, around a center of each in six dimensions.
  static let labels = (0..<40).map { Int32($0 % 5) }
  static func around(_ stream: Int) -> [Float] {
    let centers = noise(30, stream: 30)
    return noise(240, stream: stream).enumerated().map { index, value in
      Float(value + centers[index / 6 % 5 * 6 + index % 6])
    }
  }

  @Test func retrievalIsNumPys() throws {
    let (queries, gallery) = (Self.around(31), Self.around(32))
    for (other, expected) in [
      (gallery, NumPyValues.acrossScores), (queries, NumPyValues.ownScores),
    ] {
      let found = try #require(
        RetrievalScores(queries: queries, gallery: other, dimensions: 6, labels: Self.labels))
      #expect(found.queries == 40)
      expectEqual([found.recallAt1, found.recallAt5, found.meanAveragePrecision], expected)
    }
    // Classes of one image cannot be found.
    #expect(
      RetrievalScores(
        queries: queries, gallery: gallery, dimensions: 6, labels: (0..<40).map(Int32.init)) == nil)
    let few = RetrievalScores(
      queries: queries, gallery: gallery, dimensions: 6,
      labels: (0..<40).map { Int32(max(0, $0 - 2)) })
    #expect(few?.queries == 3)
  }

  @Test func mutualNeighborsAreNumPys() throws {
    let (first, second) = (Self.around(31), Self.around(32))
    for (k, expected) in zip([3, 10], NumPyValues.mutualNeighbors) {
      let found = try #require(
        NeighborAlignment.mutual(first, second, dimensions: (6, 6), neighbors: k))
      expectEqual([found], [expected])
    }
    // In other dimensions and scales the neighbors are the same.
    let wider = (0..<40).flatMap { row -> [Float] in
      [0] + first[row * 6..<row * 6 + 6].map { -3 * $0 } + [0]
    }
    #expect(NeighborAlignment.mutual(first, wider, dimensions: (6, 8)) == 1)
    #expect(NeighborAlignment.mutual(first, first, dimensions: (6, 6), neighbors: 40) == nil)
  }
}
