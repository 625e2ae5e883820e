public import Datasets

/// What an extractor does to an image before its first layer. It travels with the extractor and is
/// none of a head's business.
public struct Preprocessing: Hashable, Sendable {
  /// Height and width in pixels.
  public var imageSize: Int
  public var normalization: Normalization
  /// How a picture becomes a square of that size.
  public var framing: Framing

  public init(imageSize: Int, normalization: Normalization, framing: Framing = .square) {
    (self.imageSize, self.normalization, self.framing) = (imageSize, normalization, framing)
  }

  public var form: PictureForm { PictureForm(size: imageSize, framing: framing) }
}

extension Preprocessing: Codable {
  /// As version 0.1 wrote them; what is framed as it did says nothing of it.
  private enum CodingKeys: String, CodingKey {
    case imageSize
    case normalization = "normalisation"
    case framing
  }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      imageSize: try values.decode(Int.self, forKey: .imageSize),
      normalization: try values.decode(Normalization.self, forKey: .normalization),
      framing: try values.decodeIfPresent(Framing.self, forKey: .framing) ?? .square)
  }

  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(imageSize, forKey: .imageSize)
    try values.encode(normalization, forKey: .normalization)
    if framing != .square { try values.encode(framing, forKey: .framing) }
  }
}

extension Dataset {
  /// Loads a data set as an extractor takes its images.
  public static func load(
    _ kind: DatasetKind, path: String?, for preprocessing: Preprocessing,
    test fraction: Double? = nil
  ) throws(DatasetError) -> Dataset {
    try load(
      kind, path: path, imageSize: preprocessing.imageSize, framing: preprocessing.framing,
      test: fraction)
  }
}

extension Preprocessing: CustomStringConvertible {
  /// “224×224, mean [0.485, 0.456, 0.406], std …; the middle of a shorter side of 256, bilinear”.
  public var description: String {
    "\(imageSize)×\(imageSize), mean \(normalization.mean), std \(normalization.std)"
      + (framing == .square ? "" : "; \(framing)")
  }
}
