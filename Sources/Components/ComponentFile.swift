public import Files
import Foundation
public import Tensors

/// Components as safetensors files, one a component. Filters leave the house as OIHW (depthwise
/// ones as [C, 1, R, S]), linear weights as `[K, C]`; the metadata (`ComponentHeader`) hold what is
/// needed to rebuild the layers, and what the component fits. Equal components give equal files.
public enum ComponentFile {
  // MARK: Saving

  public static func save(
    _ extractor: FeatureExtractor, to path: String, on backend: any Backend
  ) throws {
    try write(try Component(extractor, on: backend), to: path)
  }

  public static func save(_ head: TaskHead, to path: String, on backend: any Backend) throws {
    try write(try Component(head, on: backend), to: path)
  }

  public static func save(
    _ auxiliary: AuxiliaryHead, to path: String, on backend: any Backend
  ) throws {
    try write(try Component(auxiliary, on: backend), to: path)
  }

  public static func write(_ record: Component, to path: String) throws {
    try AtomicFile.write(try record.file.bytes, to: path)
  }

  // MARK: Loading

  /// Without a device: what the file says of the component, and its weights, digest checked.
  public static func read(_ path: String) throws(FileError) -> Component {
    let record = try Component(try safetensors(path), path: path)
    try record.checkDigest(path: path)
    return record
  }

  /// - Throws: `FileError` also where it is of another kind.
  public static func read(_ path: String, as kind: ComponentKind) throws(FileError) -> Component {
    let record = try read(path)
    guard record.header.kind == kind else { throw record.wrongKind(kind, path) }
    return record
  }

  public static func loadExtractor(
    _ path: String, on backend: any Backend
  ) throws -> FeatureExtractor {
    try Component(try safetensors(path), path: path).makeExtractor(path: path, on: backend)
  }

  public static func loadHead(_ path: String, on backend: any Backend) throws -> TaskHead {
    try Component(try safetensors(path), path: path).makeHead(path: path, on: backend)
  }

  public static func loadAuxiliaryHead(
    _ path: String, on backend: any Backend
  ) throws -> AuxiliaryHead {
    try Component(try safetensors(path), path: path)
      .makeAuxiliaryHead(path: path, on: backend)
  }

  /// The whole of a file of 32-bit floats.
  static func safetensors(_ path: String) throws(FileError) -> SafetensorsFile {
    do {
      return try SafetensorsFile(bytes: try bytes(path))
    } catch let error as FileError {
      throw error
    } catch {
      throw FileError(kind: .malformed, path: path, problem: "\(error)")
    }
  }

  static func bytes(_ path: String) throws(FileError) -> [UInt8] {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw FileError(
        kind: .missing, path: path, problem: "no such file, or it cannot be read")
    }
    return [UInt8](data)
  }
}
