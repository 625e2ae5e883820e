/// Means and covariances of the features of two extractors, gathered batch by batch over a whole
/// data set: every image and every position is one observation of both extractors' channels
/// (Gygli et al. Sec. 4.3; that positions count as observations is ours).
///
/// Batches are merged by the pairwise formula of Chan et al. 1979, in double.
public struct FeatureStatistics: Sendable {
  /// Channels of the two extractors.
  public let channels: (first: Int, second: Int)
  /// Observations so far.
  public private(set) var count = 0
  private var mean: [Double]
  /// Σ (z − mean)(z − mean)ᵀ, z being both extractors' channels one after the other; row-major.
  private var scatter: [Double]

  private var width: Int { channels.first + channels.second }

  /// - Precondition: both have channels.
  public init(channels first: Int, _ second: Int) {
    precondition(first > 0 && second > 0, "FeatureStatistics: \(first) and \(second) channels")
    channels = (first, second)
    mean = [Double](repeating: 0, count: first + second)
    scatter = [Double](repeating: 0, count: (first + second) * (first + second))
  }

  /// Adds a batch of features of the same images, channels last.
  /// - Precondition: as many observations of the one as of the other.
  public mutating func add(_ first: [Float], _ second: [Float]) {
    let rows = first.count / channels.first
    precondition(
      rows * channels.first == first.count && rows * channels.second == second.count,
      "FeatureStatistics: \(first.count) values of \(channels.first) channels, "
        + "\(second.count) of \(channels.second)")
    guard rows > 0 else { return }
    let width = width
    // The batch's own means, then its rows less them.
    var batchMean = [Double](repeating: 0, count: width)
    for row in 0..<rows {
      for c in 0..<channels.first { batchMean[c] += Double(first[row * channels.first + c]) }
      for c in 0..<channels.second {
        batchMean[channels.first + c] += Double(second[row * channels.second + c])
      }
    }
    for c in 0..<width { batchMean[c] /= Double(rows) }
    var centered = [Double](repeating: 0, count: width)
    scatter.withUnsafeMutableBufferPointer { scatter in
      for row in 0..<rows {
        for c in 0..<channels.first {
          centered[c] = Double(first[row * channels.first + c]) - batchMean[c]
        }
        for c in 0..<channels.second {
          let at = channels.first + c
          centered[at] = Double(second[row * channels.second + c]) - batchMean[at]
        }
        for i in 0..<width {
          let value = centered[i]
          for j in 0..<width { scatter[i * width + j] += value * centered[j] }
        }
      }
    }
    merge(rows, batchMean)
  }

  /// Adds what is known of a batch: its rows, means, and Σ (z − mean)(z − mean)ᵀ, z being both
  /// extractors' channels one after the other, row-major.
  /// - Precondition: sizes agree.
  public mutating func add(count rows: Int, mean batchMean: [Double], scatter added: [Double]) {
    precondition(
      rows > 0 && batchMean.count == width && added.count == width * width,
      "FeatureStatistics: \(batchMean.count) means, \(added.count) products of \(width) channels")
    for index in scatter.indices { scatter[index] += added[index] }
    merge(rows, batchMean)
  }

  /// The batch's own scatter has been added.
  private mutating func merge(_ rows: Int, _ batchMean: [Double]) {
    let total = count + rows
    let weight = Double(count) * Double(rows) / Double(total)
    let shift = zip(batchMean, mean).map { $0 - $1 }
    for i in 0..<width {
      for j in 0..<width { scatter[i * width + j] += weight * shift[i] * shift[j] }
      mean[i] += shift[i] * Double(rows) / Double(total)
    }
    count = total
  }

  /// All that other statistics of the same channels have seen, as well.
  public mutating func add(_ other: FeatureStatistics) {
    guard other.count > 0 else { return }
    add(count: other.count, mean: other.mean, scatter: other.scatter)
  }

  /// Of each channel.
  public var means: (first: [Double], second: [Double]) {
    (Array(mean.prefix(channels.first)), Array(mean.dropFirst(channels.first)))
  }

  /// Of two channels, biased; those of the second extractor count on from the first's.
  public func covariance(_ i: Int, _ j: Int) -> Double {
    count > 0 ? scatter[i * width + j] / Double(count) : 0
  }

  /// Pearson's correlation of every channel of the first with every channel of the second:
  /// `[first][second]`; 0 where a channel does not vary.
  public var crossCorrelation: [[Double]] {
    (0..<channels.first).map { i in
      (0..<channels.second).map { j in
        let at = channels.first + j
        let product = scatter[i * width + i] * scatter[at * width + at]
        return product > 0 ? scatter[i * width + at] / product.squareRoot() : 0
      }
    }
  }

  /// Linear centered kernel alignment (Kornblith et al. 2019): ‖XᵀY‖²_F / (‖XᵀX‖_F · ‖YᵀY‖_F) of
  /// centered features X, Y; in [0, 1], blind to rotations and to scale; 0 where nothing varies.
  public var linearCKA: Double {
    func squared(_ rows: Range<Int>, _ columns: Range<Int>) -> Double {
      rows.reduce(0) { sum, i in
        columns.reduce(sum) { $0 + scatter[i * width + $1] * scatter[i * width + $1] }
      }
    }
    let (x, y) = (0..<channels.first, channels.first..<width)
    let scale = (squared(x, x) * squared(y, y)).squareRoot()
    return scale > 0 ? squared(x, y) / scale : 0
  }
}
