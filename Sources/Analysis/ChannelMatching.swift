/// Which channel of one extractor goes with which of another.
public struct ChannelMatching: Hashable, Sendable {
  /// For each channel of the first extractor, one of the second.
  public let partners: [Int]
  /// Correlation of each pair, by channel of the first.
  public let correlations: [Double]

  public var mean: Double {
    correlations.isEmpty ? 0 : correlations.reduce(0, +) / Double(correlations.count)
  }

  /// Largest first, as in the paper's Fig. 3.
  public var sorted: [Double] { correlations.sorted(by: >) }

  /// Channel i with channel i: for extractors that were trained to be compatible.
  /// - Precondition: the matrix is square.
  public init(identityOf correlation: [[Double]]) {
    partners = Array(correlation.indices)
    correlations = correlation.enumerated().map { i, row in
      precondition(row.count == correlation.count, "ChannelMatching: needs a square matrix")
      return row[i]
    }
  }

  /// The permutation of largest total correlation: for extractors that have nothing in common.
  /// - Precondition: the matrix is square.
  public init(bestOf correlation: [[Double]]) {
    let best = Self.assignment(maximizing: correlation)
    partners = best
    correlations = best.enumerated().map { correlation[$0][$1] }
  }

  /// For each row a column of its own, of largest total weight: the Hungarian algorithm with
  /// potentials and shortest augmenting paths (Kuhn 1955; Jonker and Volgenant 1987), O(n³).
  /// - Precondition: the matrix is square.
  public static func assignment(maximizing weights: [[Double]]) -> [Int] {
    let n = weights.count
    precondition(weights.allSatisfy { $0.count == n }, "assignment: needs a square matrix")
    // Rows and columns count from 1; column 0 stands for the row that is being placed.
    var rowPotential = [Double](repeating: 0, count: n + 1)
    var columnPotential = rowPotential
    var rowOf = [Int](repeating: 0, count: n + 1)
    for row in stride(from: 1, through: n, by: 1) {
      rowOf[0] = row
      var column = 0
      var slack = [Double](repeating: .infinity, count: n + 1)
      var previous = [Int](repeating: 0, count: n + 1)
      var visited = [Bool](repeating: false, count: n + 1)
      repeat {
        visited[column] = true
        let current = rowOf[column]
        var (step, next) = (Double.infinity, 0)
        for j in 1...n where !visited[j] {
          let cost = -weights[current - 1][j - 1] - rowPotential[current] - columnPotential[j]
          if cost < slack[j] { (slack[j], previous[j]) = (cost, column) }
          if slack[j] < step { (step, next) = (slack[j], j) }
        }
        for j in 0...n {
          if visited[j] {
            rowPotential[rowOf[j]] += step
            columnPotential[j] -= step
          } else {
            slack[j] -= step
          }
        }
        column = next
      } while rowOf[column] != 0
      while column != 0 {
        rowOf[column] = rowOf[previous[column]]
        column = previous[column]
      }
    }
    var partners = [Int](repeating: 0, count: n)
    for column in stride(from: 1, through: n, by: 1) { partners[rowOf[column] - 1] = column - 1 }
    return partners
  }
}
