/// How well images find images of their class in a gallery, by cosine.
public struct RetrievalScores: Codable, Hashable, Sendable {
  /// Images that were looked for: those whose class has another image.
  public let queries: Int
  /// Share of the queries whose nearest image is of their class.
  public let recallAt1: Double
  /// Share with one of their class among the five nearest.
  public let recallAt5: Double
  /// Mean over the queries of the average precision: the mean, over the images of the class, of the
  /// share of the class among all images down to that one.
  public let meanAveragePrecision: Double

  /// Image i of the queries is image i of the gallery, and is not found by itself.
  /// - Parameters:
  ///   - queries: `[images, dimensions]`.
  ///   - gallery: of the same images.
  ///   - dimensions: numbers of a vector.
  ///   - labels: class of each image.
  /// - Returns: nil where no class has two images.
  /// - Precondition: as many vectors as labels on both sides.
  public init?(queries: [Float], gallery: [Float], dimensions: Int, labels: [Int32]) {
    let (asking, found) = (
      UnitVectors(queries, dimensions: dimensions), UnitVectors(gallery, dimensions: dimensions)
    )
    precondition(
      asking.count == labels.count && found.count == labels.count,
      "RetrievalScores: \(asking.count) queries, \(found.count) images, \(labels.count) labels")
    var cosines = [Float](repeating: 0, count: labels.count)
    var ranking = Ranking()
    var (count, first, amongFive, precision) = (0, 0, 0, 0.0)
    for query in labels.indices {
      found.cosines(query, of: asking, into: &cosines)
      ranking.rank(cosines, leavingOut: query)
      var (relevant, sum) = (0, 0.0)
      for rank in 0..<ranking.count where labels[ranking[rank]] == labels[query] {
        if relevant == 0 {
          if rank == 0 { first += 1 }
          if rank < 5 { amongFive += 1 }
        }
        relevant += 1
        sum += Double(relevant) / Double(rank + 1)
      }
      guard relevant > 0 else { continue }
      count += 1
      precision += sum / Double(relevant)
    }
    guard count > 0 else { return nil }
    self.queries = count
    recallAt1 = Double(first) / Double(count)
    recallAt5 = Double(amongFive) / Double(count)
    meanAveragePrecision = precision / Double(count)
  }
}
