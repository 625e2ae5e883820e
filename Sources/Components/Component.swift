public import Files
import Foundation
import Networks
public import Tensors

/// An extractor's or a head's file in memory, whole and checked, with no device: what it says of
/// itself, and its weights.
public struct Component: Sendable {
  /// What the file says of itself: kind, architecture, interface, feature space, classes, lineage.
  public let header: ComponentHeader
  /// Weights by name, row-major: filters `[K, C, R, S]`, linear weights `[K, C]`.
  public let tensors: [String: SafetensorsFile.Entry]

  /// A component from its file.
  /// - Parameters:
  ///   - file: what was read.
  ///   - path: the file, or what to call it in errors.
  /// - Throws: `FileError` where the file is no component, contradicts itself, or holds
  ///   other weights than those it was written with.
  public init(_ file: SafetensorsFile, path: String) throws(FileError) {
    try self.init(tensors: file.tensors, metadata: file.metadata, path: path)
  }

  init(
    tensors: [String: SafetensorsFile.Entry], metadata: [String: String], path: String
  ) throws(FileError) {
    header = try ComponentHeader(metadata, path: path)
    try tensors.requireFinite(path: path)
    self.tensors = tensors
    if let classNames = header.classNames {
      // Sizes are checked before anything is built from them: the names are as many as the outputs.
      let bias = "\(header.architecture.classifier).bias"
      guard tensors[bias]?.shape == [classNames.count] else {
        throw FileError(
          kind: .malformed, path: path,
          problem: "tensor “\(bias)”: expected shape [\(classNames.count)], one an output, got "
            + (tensors[bias].map { "\($0.shape)" } ?? "none"))
      }
    }
  }

  /// An extractor as it stands in a device's memory.
  public init(_ extractor: FeatureExtractor, on backend: any Backend) throws {
    tensors = try WeightLayout.tensors(of: extractor.layers, on: backend)
    header = ComponentHeader(extractor, digest: Digest.weights(tensors))
  }

  /// A head as it stands in a device's memory.
  public init(_ head: TaskHead, on backend: any Backend) throws {
    tensors = try WeightLayout.tensors(of: head.layers, on: backend)
    header = ComponentHeader(head, task: nil, digest: Digest.weights(tensors))
  }

  /// An auxiliary head as it stands in a device's memory.
  public init(_ auxiliary: AuxiliaryHead, on backend: any Backend) throws {
    tensors = try WeightLayout.tensors(of: auxiliary.head.layers, on: backend)
    header = ComponentHeader(
      auxiliary.head, task: auxiliary.kind, digest: Digest.weights(tensors))
  }

  /// What is written: weights, and the header as metadata.
  public var file: SafetensorsFile {
    get throws { SafetensorsFile(tensors: tensors, metadata: try header.metadata) }
  }

  /// The weights have to be those that the file was written with.
  func checkDigest(path: String) throws(FileError) {
    let found = Digest.weights(tensors)
    guard found == header.digest else {
      throw FileError(
        kind: .malformed, path: path,
        problem: "its weights are not those that it was written with: expected the digest "
          + "\(header.digest), got \(found); restore the file")
    }
  }

  // MARK: Layers

  /// The extractor's layers with these weights on a device.
  /// - Parameters:
  ///   - path: its file, or what to call it in errors.
  ///   - backend: where it computes.
  /// - Throws: `FileError` where this is no extractor, or unless the file holds exactly the tensors
  ///   that the architecture has, in their shapes.
  public func makeExtractor(
    path: String, on backend: any Backend
  ) throws(FileError) -> FeatureExtractor {
    guard let preprocessing = header.preprocessing else { throw wrongKind(.extractor, path) }
    let layers = header.architecture.makeExtractor(on: backend, seed: 0)
    try fill(layers, path, on: backend)
    return FeatureExtractor(
      architecture: header.architecture, preprocessing: preprocessing, layers: layers,
      stamp: header.stamp)
  }

  /// The head's layers with these weights on a device.
  /// - Parameters:
  ///   - path: its file, or what to call it in errors.
  ///   - backend: where it computes.
  /// - Throws: `FileError` where this is no head; as `makeExtractor(path:on:)` else.
  public func makeHead(
    path: String, on backend: any Backend
  ) throws(FileError) -> TaskHead {
    guard header.kind == .head else { throw wrongKind(.head, path) }
    return try head(path, on: backend)
  }

  /// The auxiliary head's layers with these weights on a device.
  /// - Parameters:
  ///   - path: its file, or what to call it in errors.
  ///   - backend: where it computes.
  /// - Throws: `FileError` where this is no auxiliary head; as `makeExtractor(path:on:)` else.
  public func makeAuxiliaryHead(
    path: String, on backend: any Backend
  ) throws(FileError) -> AuxiliaryHead {
    guard let kind = header.auxiliaryTask else { throw wrongKind(.auxiliaryHead, path) }
    return AuxiliaryHead(kind: kind, head: try head(path, on: backend))
  }

  private func head(_ path: String, on backend: any Backend) throws(FileError) -> TaskHead {
    let classNames = header.classNames ?? []
    let layers = header.architecture.makeHead(classes: classNames.count, on: backend, seed: 0)
    try fill(layers, path, on: backend)
    return TaskHead(
      architecture: header.architecture, classNames: classNames, layers: layers,
      spatialSize: header.interface.spatialSize, stamp: header.stamp)
  }

  /// - Parameter path: its file, or what to call it.
  package func wrongKind(_ wanted: ComponentKind, _ path: String) -> FileError {
    FileError(
      kind: .malformed, path: path,
      problem: "expected a component of kind \(wanted.rawValue), got \(header.kind.rawValue)")
  }

  private func fill(
    _ layers: Sequential, _ path: String, on backend: any Backend
  ) throws(FileError) {
    try WeightLayout.check(tensors, fit: layers, path: path)
    try checkDigest(path: path)
    WeightLayout.upload(tensors, to: layers, on: backend)
  }
}
