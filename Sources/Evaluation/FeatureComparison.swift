package import Analysis
import Autograd
package import Components
package import Datasets
import Networks
import Tensors

/// How alike the features of two extractors are, on the same images (Gygli et al. Sec. 4.3, Fig.
/// 3).
public struct FeatureComparison: Codable, Sendable {
  public let first: String, second: String
  /// Whose test images both extractors saw, each normalized as its own training images were.
  public let images: String
  public let imageCount: Int
  public let channels: Int
  /// Pearson's correlation of channel i with channel i, largest first.
  public let correlations: [Double]
  public let meanCorrelation: Double
  /// The same for the permutation of channels of largest total correlation: the fair comparison
  /// where nothing ties channel i of the one to channel i of the other.
  public let permutedCorrelations: [Double]
  public let permutedMeanCorrelation: Double
  /// Linear centered kernel alignment (Kornblith et al. 2019), in [0, 1].
  public let linearCKA: Double
  /// Mutual 10-nearest-neighbor alignment of the pooled features (Huh et al. 2024), in [0, 1]; nil
  /// of ten images or fewer.
  public let mutualNeighbors: Double?
}

extension FeatureComparison {
  package init(
    _ statistics: FeatureStatistics, first: String, second: String, images: String, count: Int,
    mutualNeighbors: Double? = nil
  ) {
    let correlation = statistics.crossCorrelation
    let (same, best) = (
      ChannelMatching(identityOf: correlation), ChannelMatching(bestOf: correlation)
    )
    self.init(
      first: first, second: second, images: images, imageCount: count,
      channels: correlation.count, correlations: same.sorted, meanCorrelation: same.mean,
      permutedCorrelations: best.sorted, permutedMeanCorrelation: best.mean,
      linearCKA: statistics.linearCKA, mutualNeighbors: mutualNeighbors)
  }
}

extension Evaluator {
  /// Features of both extractors over all images, by the rules of measuring; nil where their shapes
  /// differ.
  package func compare(
    _ first: FeatureExtractor, _ second: FeatureExtractor, on images: ImageSet
  ) throws -> FeatureStatistics? {
    var statistics: FeatureStatistics?
    var fits = true
    try forEachBatch(of: images) { store, indices, counted in
      guard fits else { return }
      let features = [first, second].map { self.features(of: $0, store, indices) }
      guard features[0].shape == features[1].shape else {
        fits = false
        return
      }
      let channels = features[0].shape.sizes.last!
      let values = try features.map {
        Array(try backend.download($0).prefix(counted * $0.count / batchSize))
      }
      var sum = statistics ?? FeatureStatistics(channels: channels, channels)
      sum.add(values[0], values[1])
      statistics = sum
    }
    return fits ? statistics : nil
  }

  /// How alike both see the neighborhoods of the images; the shapes of features may differ.
  package func mutualNeighbors(
    _ first: FeatureExtractor, _ second: FeatureExtractor, on images: ImageSet
  ) throws -> Double? {
    NeighborAlignment.mutual(
      try pooledFeatures(of: first, on: images), try pooledFeatures(of: second, on: images),
      dimensions: (first.interface.channels, second.interface.channels))
  }
}
