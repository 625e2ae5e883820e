public import Files
public import Tensors

/// A recombined model in memory: an extractor's and a head's records, joined. In its file every
/// tensor and every metadata key stands behind `extractor.` or `head.`, so that the parts come out
/// as they went in.
public struct Model: Sendable {
  public let extractor: Component
  public let head: Component
  /// The anchors that both parts have.
  public let featureSpace: FeatureSpace
  public var lineage: Lineage

  /// - Parameters:
  ///   - extractor: what gives the features.
  ///   - head: what reads them.
  ///   - allowDifferentSpace: join parts without a common anchor too; the lineage says so.
  ///   - allowAligned: join parts whose common anchors were reached by alignment alone.
  /// - Throws: `MisfitError` with both sides' values.
  /// - Precondition: an extractor and a (not auxiliary) head.
  public init(
    extractor: Component, head: Component, allowDifferentSpace: Bool = false,
    allowAligned: Bool = true
  ) throws(MisfitError) {
    precondition(
      extractor.header.kind == .extractor && head.header.kind == .head,
      "Model: an extractor and a head")
    let fit = Fit(extractor, head)
    try fit.require(allowDifferentSpace: allowDifferentSpace, allowAligned: allowAligned)
    self.extractor = extractor
    self.head = head
    featureSpace = FeatureSpace(fit.sharedAnchors)
    lineage = Lineage(origin: .recombination)
    lineage.parents = [
      .init(
        role: "extractor", name: extractor.header.lineage?.task, digest: extractor.header.digest),
      .init(role: "head", name: head.header.lineage?.task, digest: head.header.digest),
    ]
    if fit.sharedAnchors.isEmpty { lineage.differentSpaceAllowed = true }
  }

  /// As it stands in memory.
  public init(
    _ model: Recombination, allowDifferentSpace: Bool = false, on backend: any Backend
  ) throws {
    try self.init(
      extractor: try Component(model.extractor, on: backend),
      head: try Component(model.head, on: backend), allowDifferentSpace: allowDifferentSpace)
  }

  /// Layers on a device. - Throws: `FileError` where a part is not what it says.
  public func makeModel(path: String, on backend: any Backend) throws -> Recombination {
    try Recombination(
      try extractor.makeExtractor(path: path, on: backend),
      try head.makeHead(path: path, on: backend))
  }

  // MARK: The file

  /// `Digest.weights` of all tensors, under the names that they have in the file.
  public var digest: String { Digest.weights(tensors) }

  private var tensors: [String: SafetensorsFile.Entry] {
    Self.joined(extractor.tensors, head.tensors)
  }

  public var file: SafetensorsFile {
    get throws {
      var metadata = Self.joined(try extractor.header.metadata, try head.header.metadata)
      metadata["format"] = ComponentHeader.format
      metadata["kind"] = ComponentKind.model.rawValue
      metadata["digest"] = digest
      metadata["feature-space"] = try CanonicalJSON.text(featureSpace)
      metadata["lineage"] = try CanonicalJSON.text(lineage)
      return SafetensorsFile(tensors: tensors, metadata: metadata)
    }
  }

  /// - Throws: `FileError` where the file is no model or contradicts itself.
  public init(_ file: SafetensorsFile, path: String) throws(FileError) {
    let reader = MetadataReader(metadata: file.metadata, path: path)
    let own: Set = ["format", "kind", "digest", "feature-space", "lineage"]
    let (metadata, tensors) = (Self.parts(file.metadata), Self.parts(file.tensors))
    guard file.metadata["format"] == ComponentHeader.format,
      file.metadata["kind"] == ComponentKind.model.rawValue
    else {
      throw reader.malformed(
        "expected a component of kind model, got \(file.metadata["kind"] ?? "none")")
    }
    if let other = metadata.others.first(where: { !own.contains($0) }) {
      throw reader.malformed("metadata “\(other)” is none of a model")
    }
    if let other = tensors.others.first {
      throw reader.malformed("tensor “\(other)” is neither the extractor's nor the head's")
    }
    extractor = try Component(
      tensors: tensors.extractor, metadata: metadata.extractor, path: path)
    head = try Component(tensors: tensors.head, metadata: metadata.head, path: path)
    guard extractor.header.kind == .extractor, head.header.kind == .head else {
      throw reader.malformed(
        "expected an extractor and a head, got \(extractor.header.kind.rawValue) and "
          + head.header.kind.rawValue)
    }
    try extractor.checkDigest(path: path)
    try head.checkDigest(path: path)
    featureSpace = try reader.value("feature-space")
    lineage = try reader.value("lineage")
    let fit = Fit(extractor, head)
    do {
      try fit.require(allowDifferentSpace: lineage.differentSpaceAllowed ?? false)
    } catch {
      throw reader.malformed("\(error)")
    }
    guard featureSpace.anchors == fit.sharedAnchors else {
      throw reader.malformed(
        "expected the feature space that its parts share, \(FeatureSpace(fit.sharedAnchors)), "
          + "got \(featureSpace)")
    }
    guard file.metadata["digest"] == digest else {
      throw reader.malformed(
        "its weights are not those that it was written with: expected the digest "
          + "\(file.metadata["digest"] ?? "none"), got \(digest); restore the file")
    }
  }

  private static func joined<Value>(
    _ extractor: [String: Value], _ head: [String: Value]
  ) -> [String: Value] {
    var all: [String: Value] = [:]
    for (name, value) in extractor { all["extractor.\(name)"] = value }
    for (name, value) in head { all["head.\(name)"] = value }
    return all
  }

  private static func parts<Value>(_ all: [String: Value]) -> (
    extractor: [String: Value], head: [String: Value], others: [String]
  ) {
    var extractor: [String: Value] = [:]
    var head: [String: Value] = [:]
    var others: [String] = []
    for (name, value) in all {
      if name.hasPrefix("extractor.") {
        extractor[String(name.dropFirst(10))] = value
      } else if name.hasPrefix("head.") {
        head[String(name.dropFirst(5))] = value
      } else {
        others.append(name)
      }
    }
    return (extractor, head, others.sorted())
  }
}

/// Recombined models as safetensors files.
public enum ModelFile {
  public static func write(_ model: Model, to path: String) throws {
    try AtomicFile.write(try model.file.bytes, to: path)
  }

  public static func read(_ path: String) throws(FileError) -> Model {
    try Model(try ComponentFile.safetensors(path), path: path)
  }

  public static func load(_ path: String, on backend: any Backend) throws -> Recombination {
    try read(path).makeModel(path: path, on: backend)
  }
}
