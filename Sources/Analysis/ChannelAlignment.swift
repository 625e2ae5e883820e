/// How one extractor's channels become another's, in closed form.
public enum AlignmentMethod: String, Codable, Sendable, CaseIterable {
  /// The order of channels of largest total correlation (Hungarian algorithm).
  case permutation
  /// Besides, each channel's mean and deviation become its partner's: the rescaling of REPAIR
  /// (Jordan et al. 2023), who apply it to interpolated networks.
  case permutationRescaled = "permutation-rescaled"
  /// Procrustes: mean taken off, a rotation or reflection, one scale, the other's mean.
  case orthogonal
  /// The affine map of least squares, with a ridge.
  case leastSquares = "least-squares"

  /// Whether both extractors need as many channels.
  public var needsEqualChannels: Bool { self != .leastSquares }
}

/// y = x·W + b, from the first extractor's channels to the second's.
public struct ChannelMap: Hashable, Sendable {
  /// W, `[C, K]`.
  public let weights: DenseMatrix
  /// b, `[K]`.
  public let bias: [Double]

  /// W given, and b so that mean becomes mean.
  init(_ weights: DenseMatrix, from: [Double], to: [Double]) {
    self.weights = weights
    let moved = (DenseMatrix(1, from.count, from) * weights).values
    bias = zip(to, moved).map { $0 - $1 }
  }

  /// Channel k of the result is channel `order[k]`.
  init(order: [Int]) {
    var weights = DenseMatrix(zeros: order.count, order.count)
    for (k, c) in order.enumerated() { weights[c, k] = 1 }
    self.weights = weights
    bias = [Double](repeating: 0, count: order.count)
  }
}

extension FeatureStatistics {
  /// Candidates for the ridge, as shares of the first features' mean variance.
  public static let ridges = [1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1]

  /// The map of a method that fits these observations.
  /// - Parameters:
  ///   - method: what maps are looked among.
  ///   - ridge: of least squares, as a share of the first features' mean variance.
  /// - Returns: nil where no single map is the best: least squares with too small a ridge.
  /// - Precondition: as many channels on both sides, but for least squares.
  public func map(_ method: AlignmentMethod, ridge: Double = 1e-6) -> ChannelMap? {
    let (from, to) = (means.first, means.second)
    let (c, k) = channels
    precondition(
      c == k || !method.needsEqualChannels, "\(method.rawValue): \(c) channels to \(k)")
    switch method {
    case .permutation: return ChannelMap(order: order)
    case .permutationRescaled:
      var weights = DenseMatrix(zeros: c, k)
      for (k, c) in order.enumerated() {
        let variance = covariance(c, c)
        let other = covariance(channels.first + k, channels.first + k)
        weights[c, k] = variance > 0 ? (max(0, other) / variance).squareRoot() : 0
      }
      return ChannelMap(weights, from: from, to: to)
    case .orthogonal:
      let found = SingularValues(of: block(0..<c, c..<c + k))
      let variance = (0..<c).reduce(0) { $0 + covariance($1, $1) }
      let scale = variance > 0 ? found.values.reduce(0, +) / variance : 0
      var weights = found.nearestOrthogonal
      for index in weights.values.indices { weights.values[index] *= scale }
      return ChannelMap(weights, from: from, to: to)
    case .leastSquares:
      var gram = block(0..<c, 0..<c)
      let variance = (0..<c).reduce(0) { $0 + gram[$1, $1] } / Double(c)
      // Where nothing varies, nothing is explained.
      guard variance > 0 else { return ChannelMap(DenseMatrix(zeros: c, k), from: from, to: to) }
      for channel in 0..<c { gram[channel, channel] += ridge * variance }
      return gram.solved(for: block(0..<c, c..<c + k)).map { ChannelMap($0, from: from, to: to) }
    }
  }

  /// For each channel of the second extractor, the one of the first that goes with it.
  public var order: [Int] {
    var order = [Int](repeating: 0, count: channels.second)
    for (c, k) in ChannelMatching(bestOf: crossCorrelation).partners.enumerated() { order[k] = c }
    return order
  }

  /// The share of the second features' variance that a map leaves unexplained, in these
  /// observations (which need not be those that it was fitted to); 0 is perfect, 1 is what their
  /// mean would do.
  public func unexplained(by map: ChannelMap) -> Double {
    let (c, k) = channels
    let w = map.weights
    let moved = (DenseMatrix(1, c, means.first) * w).values
    let offset = (0..<k).map { means.second[$0] - moved[$0] - map.bias[$0] }
    let (gram, cross) = (block(0..<c, 0..<c) * w, block(0..<c, c..<c + k))
    var (left, total) = (offset.reduce(0) { $0 + $1 * $1 }, 0.0)
    for output in 0..<k {
      let variance = covariance(c + output, c + output)
      total += variance
      left += variance
      for input in 0..<c {
        left += w[input, output] * (gram[input, output] - 2 * cross[input, output])
      }
    }
    return total > 0 ? max(0, left) / total : 0
  }

  private func block(_ rows: Range<Int>, _ columns: Range<Int>) -> DenseMatrix {
    DenseMatrix(
      rows.count, columns.count, rows.flatMap { i in columns.map { covariance(i, $0) } })
  }
}
