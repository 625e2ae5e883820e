public import Files

extension ComponentFile {
  /// What a file may hold: an extractor or a head, or a model of both.
  public enum Contents: Sendable {
    case component(Component)
    case model(Model)

    /// - Throws: `FileError` for whatever is not as it should be, weights that do not have
    ///   their digest included.
    public init(bytes: [UInt8], path: String) throws(FileError) {
      let file: SafetensorsFile
      do {
        file = try SafetensorsFile(bytes: bytes)
      } catch {
        throw FileError(kind: .malformed, path: path, problem: "\(error)")
      }
      if file.metadata["kind"] == ComponentKind.model.rawValue {
        self = .model(try Model(file, path: path))
      } else {
        let record = try Component(file, path: path)
        try record.checkDigest(path: path)
        self = .component(record)
      }
    }

    public init(path: String) throws(FileError) {
      try self.init(bytes: try ComponentFile.bytes(path), path: path)
    }

    /// What it says of itself.
    public var summary: Summary {
      switch self {
      case .component(let record):
        Summary(
          kind: record.header.kind, digest: record.header.digest,
          featureSpace: record.header.featureSpace, lineage: record.header.lineage,
          parts: [record.header])
      case .model(let model):
        Summary(
          kind: .model, digest: model.digest, featureSpace: model.featureSpace,
          lineage: model.lineage, parts: [model.extractor.header, model.head.header])
      }
    }
  }

  /// A component or a model without its weights.
  public struct Summary: Codable, Sendable {
    public let kind: ComponentKind
    /// Of the weights.
    public let digest: String
    public let featureSpace: FeatureSpace
    public let lineage: Lineage?
    /// One; a model's extractor and head.
    public let parts: [ComponentHeader]

    /// The classes that it tells apart, where it has a head.
    public var classNames: [String]? { parts.last?.classNames }
  }
}
