import Files
import Foundation
public import Networks

/// What a component's or a model's file holds.
public enum ComponentKind: String, Codable, Sendable, CaseIterable {
  /// The layers up to the cut.
  case extractor
  /// The layers behind it, for a task's classes.
  case head
  /// A head that networks share while they are trained: rotation, jigsaw, common classes.
  case auxiliaryHead = "auxiliary-head"
  /// An extractor and a head joined.
  case model
}

/// What an extractor's or a head's file says of it: enough to rebuild its layers, and what it fits.
/// In the file it is string metadata, the values JSON.
public struct ComponentHeader: Codable, Equatable, Sendable {
  /// The format that is written and read.
  public static let format = "dovetail-component-1"

  /// Not `model`: a model has two headers.
  public var kind: ComponentKind
  /// What the layers are rebuilt from.
  public var architecture: Architecture
  /// What crosses the cut.
  public var interface: Interface
  /// What its features mean, or those that it reads.
  public var featureSpace: FeatureSpace
  /// Where it comes from; nil where the file does not say.
  public var lineage: Lineage?
  /// An extractor's.
  public var preprocessing: Preprocessing?
  /// A head's, by output.
  public var classNames: [String]?
  /// An auxiliary head's.
  public var auxiliaryTask: AuxiliaryHead.Kind?
  /// `Digest.weights` of its tensors.
  public var digest: String

  init(_ extractor: FeatureExtractor, digest: String) {
    kind = .extractor
    architecture = extractor.architecture
    interface = extractor.interface
    featureSpace = extractor.stamp.featureSpace
    lineage = extractor.stamp.lineage
    preprocessing = extractor.preprocessing
    self.digest = digest
  }

  init(_ head: TaskHead, task: AuxiliaryHead.Kind?, digest: String) {
    kind = task == nil ? .head : .auxiliaryHead
    architecture = head.architecture
    interface = head.interface
    featureSpace = head.stamp.featureSpace
    lineage = head.stamp.lineage
    classNames = head.classNames
    auxiliaryTask = task
    self.digest = digest
  }

  var stamp: ComponentStamp {
    ComponentStamp(
      batchNorm: interface.batchNorm, featureSpace: featureSpace, lineage: lineage)
  }
}

// MARK: Metadata

extension ComponentHeader {
  var metadata: [String: String] {
    get throws {
      var metadata = [
        "format": Self.format, "kind": kind.rawValue, "digest": digest,
        "architecture": try CanonicalJSON.text(architecture),
        "interface": try CanonicalJSON.text(interface),
        "feature-space": try CanonicalJSON.text(featureSpace),
      ]
      if let lineage { metadata["lineage"] = try CanonicalJSON.text(lineage) }
      if let preprocessing { metadata["preprocessing"] = try CanonicalJSON.text(preprocessing) }
      if let classNames { metadata["classes"] = try CanonicalJSON.text(classNames) }
      if let auxiliaryTask { metadata["auxiliary-task"] = auxiliaryTask.rawValue }
      return metadata
    }
  }

  /// - Throws: `FileError` of the file at `path` for whatever is missing, unknown or
  ///   inconsistent. A feature space that is missing is unknown, and nothing fits it.
  init(_ metadata: [String: String], path: String) throws(FileError) {
    let reader = MetadataReader(metadata: metadata, path: path)
    guard metadata["format"] == Self.format else {
      throw reader.malformed(
        "is no component: metadata “format” is "
          + "\(metadata["format"] ?? "absent"), expected \(Self.format)")
    }
    guard let kind = ComponentKind(rawValue: metadata["kind"] ?? ""), kind != .model else {
      throw reader.malformed(
        "expected a component of kind extractor, head or auxiliary-head, got "
          + (metadata["kind"] ?? "none"))
    }
    self.kind = kind
    let own = Self.keys(of: kind)
    if let other = metadata.keys.sorted().first(where: { !own.contains($0) }) {
      throw reader.malformed("metadata “\(other)” is none of a component of kind \(kind.rawValue)")
    }
    architecture = try reader.value("architecture")
    try reader.check(architecture, of: kind)
    digest = metadata["digest"] ?? ""
    guard Digest.isValid(digest) else {
      throw reader.malformed("metadata “digest” is no SHA-256 in hexadecimal: \(digest)")
    }
    featureSpace = try reader.optional("feature-space") ?? FeatureSpace()
    if let anchor = featureSpace.anchors.first(where: { !Digest.isValid($0.digest) }) {
      throw reader.malformed("feature-space: no SHA-256 in hexadecimal: \(anchor.digest)")
    }
    lineage = try reader.optional("lineage")
    interface = try reader.value("interface")
    let expected: Interface
    if kind == .extractor {
      let preprocessing: Preprocessing = try reader.value("preprocessing")
      try reader.check(preprocessing)
      self.preprocessing = preprocessing
      expected = Interface(
        of: architecture, imageSize: preprocessing.imageSize, batchNorm: interface.batchNorm)
    } else {
      let classNames: [String] = try reader.value("classes")
      guard !classNames.isEmpty, Set(classNames).count == classNames.count else {
        throw reader.malformed("expected class names, each once, got \(classNames)")
      }
      self.classNames = classNames
      expected = Interface(
        of: architecture, spatialSize: interface.spatialSize, batchNorm: interface.batchNorm)
    }
    guard interface == expected, interface.spatialSize.map({ $0 > 0 }) ?? true else {
      throw reader.malformed(
        "metadata “interface” does not follow from the architecture: expected "
          + "\(try reader.text(expected)), got \(try reader.text(interface))")
    }
    if kind == .auxiliaryHead {
      guard let task = AuxiliaryHead.Kind(rawValue: metadata["auxiliary-task"] ?? "") else {
        throw reader.malformed("metadata “auxiliary-task” names no task that is known")
      }
      auxiliaryTask = task
    }
  }

  private static func keys(of kind: ComponentKind) -> Set<String> {
    var keys: Set = [
      "format", "kind", "digest", "architecture", "interface", "feature-space", "lineage",
    ]
    keys.insert(kind == .extractor ? "preprocessing" : "classes")
    if kind == .auxiliaryHead { keys.insert("auxiliary-task") }
    return keys
  }
}
