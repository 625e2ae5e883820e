import Datasets
import Foundation
import Networks
public import Tensors

/// A component file that cannot be used: which, what is wrong with it, what to do.
public struct ComponentFileError: Error, CustomStringConvertible, Sendable {
  public enum Kind: Sendable { case missing, malformed, cannotWrite }
  public let kind: Kind
  public let path: String
  public let problem: String

  public var description: String { "\(path): \(problem)" }
}

/// Components as safetensors files, one a component. Filters leave the house as OIHW (depthwise
/// ones as [C, 1, R, S]), linear weights as `[K, C]`; the metadata holds what is needed to rebuild the layers.
public enum ComponentFile {
  static let format = "dovetail-component-1"

  private enum Kind: String { case extractor, head, auxiliaryHead = "auxiliary-head" }

  // MARK: Saving

  public static func save(
    _ extractor: FeatureExtractor, to path: String, on backend: any Backend
  ) throws {
    try write(
      extractor.layers, kind: .extractor, architecture: extractor.architecture,
      metadata: ["preprocessing": try json(extractor.preprocessing)], to: path, on: backend)
  }

  public static func save(_ head: TaskHead, to path: String, on backend: any Backend) throws {
    try write(
      head.layers, kind: .head, architecture: head.architecture,
      metadata: ["classes": try json(head.classNames)], to: path, on: backend)
  }

  public static func save(
    _ auxiliary: AuxiliaryHead, to path: String, on backend: any Backend
  ) throws {
    try write(
      auxiliary.head.layers, kind: .auxiliaryHead, architecture: auxiliary.head.architecture,
      metadata: [
        "classes": try json(auxiliary.head.classNames), "auxiliary-task": auxiliary.kind.rawValue,
      ], to: path, on: backend)
  }

  private static func write(
    _ layers: Sequential, kind: Kind, architecture: Architecture, metadata: [String: String],
    to path: String, on backend: any Backend
  ) throws {
    var tensors: [String: SafetensorsFile.Entry] = [:]
    for (name, tensor) in named(layers) {
      tensors[name] = outside(try backend.download(tensor), tensor.shape)
    }
    var metadata = metadata
    metadata["format"] = format
    metadata["kind"] = kind.rawValue
    metadata["architecture"] = try json(architecture)
    let file = SafetensorsFile(tensors: tensors, metadata: metadata)
    try AtomicFile.write(file.bytes, to: path)
  }

  /// Parameters and running statistics, by name.
  private static func named(_ layers: Sequential) -> [(String, Tensor)] {
    layers.parameters.map { ($0.name, $0.value) } + layers.buffers.map { ($0.name, $0.value) }
  }

  private static func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  // MARK: Loading

  public static func loadExtractor(
    _ path: String, on backend: any Backend
  ) throws -> FeatureExtractor {
    let file = try read(path, kind: .extractor)
    let architecture: Architecture = try decode("architecture", file, path)
    try validate(architecture, path)
    let preprocessing: Preprocessing = try decode("preprocessing", file, path)
    try validate(preprocessing, architecture, path)
    let extractor = FeatureExtractor(
      architecture: architecture, preprocessing: preprocessing,
      layers: architecture.makeExtractor(on: backend, seed: 0))
    try fill(extractor.layers, from: file, path, on: backend)
    return extractor
  }

  public static func loadHead(_ path: String, on backend: any Backend) throws -> TaskHead {
    try head(try read(path, kind: .head), path, on: backend)
  }

  public static func loadAuxiliaryHead(
    _ path: String, on backend: any Backend
  ) throws -> AuxiliaryHead {
    let file = try read(path, kind: .auxiliaryHead)
    guard let kind = AuxiliaryHead.Kind(rawValue: file.metadata["auxiliary-task"] ?? "") else {
      throw malformed(path, "metadata “auxiliary-task” names no task that is known")
    }
    return AuxiliaryHead(kind: kind, head: try head(file, path, on: backend))
  }

  private static func head(
    _ file: SafetensorsFile, _ path: String, on backend: any Backend
  ) throws -> TaskHead {
    let architecture: Architecture = try decode("architecture", file, path)
    try validate(architecture, path)
    let classNames: [String] = try decode("classes", file, path)
    guard !classNames.isEmpty, Set(classNames).count == classNames.count else {
      throw malformed(path, "expected class names, each once, got \(classNames)")
    }
    // Sizes are checked before anything is built from them: the names are as many as the outputs.
    let bias = "\(architecture.classifier).bias"
    guard file.tensors[bias]?.shape == [classNames.count] else {
      throw malformed(
        path,
        "tensor “\(bias)”: expected shape [\(classNames.count)], one an output, got "
          + (file.tensors[bias].map { "\($0.shape)" } ?? "none"))
    }
    let head = TaskHead(
      architecture: architecture, classNames: classNames,
      layers: architecture.makeHead(classes: classNames.count, on: backend, seed: 0))
    try fill(head.layers, from: file, path, on: backend)
    return head
  }

  private static func malformed(_ path: String, _ problem: String) -> ComponentFileError {
    ComponentFileError(kind: .malformed, path: path, problem: problem)
  }

  private static func validate(_ architecture: Architecture, _ path: String) throws {
    guard 8...1202 ~= architecture.depth else {
      throw malformed(path, "architecture: depth \(architecture.depth) is not from 8 to 1202")
    }
    do { try architecture.validate() } catch { throw malformed(path, "architecture: \(error)") }
  }

  private static func validate(
    _ preprocessing: Preprocessing, _ architecture: Architecture, _ path: String
  ) throws {
    let size = preprocessing.imageSize
    guard 8...512 ~= size, size % 4 == 0 else {
      throw malformed(
        path, "preprocessing: expected an image size from 8 to 512, a multiple of 4, got \(size)")
    }
    let (mean, std) = (preprocessing.normalisation.mean, preprocessing.normalisation.std)
    guard mean.count == 3, std.count == 3, mean.allSatisfy(\.isFinite),
      std.allSatisfy({ $0.isFinite && $0 > 0 })
    else {
      throw malformed(
        path,
        "preprocessing: expected three finite means and three positive standard deviations, "
          + "got \(mean) and \(std)")
    }
  }

  private static func read(_ path: String, kind: Kind) throws -> SafetensorsFile {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw ComponentFileError(
        kind: .missing, path: path, problem: "no such file, or it cannot be read")
    }
    let file: SafetensorsFile
    do {
      file = try SafetensorsFile(bytes: [UInt8](data))
    } catch {
      throw malformed(path, "\(error)")
    }
    guard file.metadata["format"] == format else {
      throw malformed(
        path,
        "is no component: metadata “format” is "
          + "\(file.metadata["format"] ?? "absent"), expected \(format)")
    }
    guard file.metadata["kind"] == kind.rawValue else {
      throw malformed(
        path,
        "expected a component of kind \(kind.rawValue), got "
          + (file.metadata["kind"] ?? "none"))
    }
    return file
  }

  private static func decode<Value: Decodable>(
    _ key: String, _ file: SafetensorsFile, _ path: String
  ) throws -> Value {
    guard let text = file.metadata[key] else {
      throw malformed(path, "metadata “\(key)” is missing")
    }
    do {
      return try JSONDecoder().decode(Value.self, from: Data(text.utf8))
    } catch {
      throw malformed(path, "metadata “\(key)” cannot be understood: \(text.prefix(200))")
    }
  }

  /// Strict: exactly the tensors that the layers have, in their shapes.
  private static func fill(
    _ layers: Sequential, from file: SafetensorsFile, _ path: String, on backend: any Backend
  ) throws {
    let wanted = named(layers)
    let names = Set(wanted.map(\.0))
    if let extra = file.tensors.keys.sorted().first(where: { !names.contains($0) }) {
      throw malformed(path, "tensor “\(extra)” is none of this architecture's")
    }
    for (name, tensor) in wanted {
      guard let entry = file.tensors[name] else {
        throw malformed(path, "tensor “\(name)” is missing")
      }
      let expected = outsideShape(tensor.shape)
      guard entry.shape == expected else {
        throw malformed(path, "tensor “\(name)”: expected shape \(expected), got \(entry.shape)")
      }
      backend.upload(inside(entry.values, tensor.shape), to: tensor)
    }
  }

  // MARK: Layouts

  /// `[R, S, C, K]` to `[K, C, R, S]`, `[R, S, C]` (depthwise) to `[C, 1, R, S]`, `[C, K]` to
  /// `[K, C]`, vectors as they are.
  private static func outsideShape(_ shape: Shape) -> [Int] {
    switch shape.rank {
    case 4: [shape[3], shape[2], shape[0], shape[1]]
    case 3: [shape[2], 1, shape[0], shape[1]]
    case 2: [shape[1], shape[0]]
    default: shape.sizes
    }
  }

  private static func outside(_ values: [Float], _ shape: Shape) -> SafetensorsFile.Entry {
    let order = positions(shape)
    return SafetensorsFile.Entry(shape: outsideShape(shape), values: order.map { values[$0] })
  }

  private static func inside(_ values: [Float], _ shape: Shape) -> [Float] {
    var result = [Float](repeating: 0, count: values.count)
    for (outside, inside) in positions(shape).enumerated() { result[inside] = values[outside] }
    return result
  }

  /// For each element of the outside's layout, its position inside: last axis first, then the one
  /// before it, then the taps.
  private static func positions(_ shape: Shape) -> [Int] {
    guard shape.rank >= 2 else { return Array(0..<shape.count) }
    let k = shape[shape.rank - 1]
    let c = shape.rank == 3 ? 1 : shape[shape.rank - 2]
    let taps = shape.count / max(k * c, 1)
    return (0..<k).flatMap { k0 in
      (0..<c).flatMap { c0 in (0..<taps).map { ($0 * c + c0) * k + k0 } }
    }
  }
}
