public import Analysis
public import Components
public import Datasets
public import Tensors

/// How well features of one extractor find images of their class among those of another, by the
/// cosine of pooled features: what a search over an index that an older extractor made keeps.
public struct RetrievalTable: Codable, Sendable {
  /// One extractor's queries in one extractor's gallery.
  public struct Row: Codable, Sendable {
    /// The extractor of the queries: its name as given, a file as a rule.
    public let query: String
    /// The extractor of the images that are searched, likewise.
    public let gallery: String
    /// None where the features have different numbers of channels.
    public let scores: RetrievalScores?
    /// Why there are none.
    public let reason: String?
  }

  /// Name of the images, for people.
  public let data: String
  /// How many images were measured.
  public let images: Int
  /// Every extractor's queries in every extractor's gallery.
  public let rows: [Row]

  /// - Parameters:
  ///   - extractors: what is compared, with names for people.
  ///   - data: name of the images, for people.
  ///   - images: the same ones in the same order as an extractor takes them; all are measured.
  ///   - batchSize: nil: as in each extractor's training, else 128.
  ///   - backend: where it computes.
  /// - Throws: `RetrievalError` where no class has two images; `FileError` for another kind of
  ///   part.
  public init(
    _ extractors: [(name: String, part: Component)], on data: String,
    images: (_ form: PictureForm) throws -> ImageSet, batchSize: Int? = nil, backend: any Backend
  ) throws {
    var labels: [Int32] = []
    let features = try extractors.map { name, part in
      let extractor = try part.makeExtractor(path: name, on: backend)
      let set = try images(extractor.preprocessing.form)
      guard Set(set.labels).count < set.count else { throw RetrievalError(data: data) }
      labels = set.labels
      let size = batchSize ?? part.header.lineage?.batchSize ?? 128
      return (
        channels: extractor.interface.channels,
        values: try Evaluator(batchSize: size, on: backend).pooledFeatures(of: extractor, on: set)
      )
    }
    var rows: [Row] = []
    for (query, asking) in zip(extractors, features) {
      for (gallery, asked) in zip(extractors, features) {
        let fits = asking.channels == asked.channels
        rows.append(
          Row(
            query: query.name, gallery: gallery.name,
            scores: fits
              ? RetrievalScores(
                queries: asking.values, gallery: asked.values, dimensions: asking.channels,
                labels: labels) : nil,
            reason: fits
              ? nil : "features of \(asking.channels) and \(asked.channels) channels"))
      }
    }
    (self.data, self.images, self.rows) = (data, labels.count, rows)
  }
}

/// Data in which nothing can be found.
public struct RetrievalError: Error, CustomStringConvertible, Sendable {
  let data: String

  public var description: String {
    "\(data) has no class of two test images, so there is nothing to find; give labeled images"
  }
}
