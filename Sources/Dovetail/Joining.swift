public import Certification
public import Components
public import Datasets
import Files
public import Tensors

extension Component {
  /// - Throws: `FileError` where the file is missing, damaged, or no extractor or head.
  public init(contentsOf path: String) throws { self = try ComponentFile.read(path) }

  /// The file is whole, or as it was.
  public func write(to path: String) throws { try ComponentFile.write(self, to: path) }

  /// This extractor under a head, which need not be its own.
  /// - Parameters:
  ///   - head: what is to read the features.
  ///   - allowDifferentSpace: also where nothing says that they understand each other.
  /// - Throws: `MisfitError` with both sides' values; `KindError` where one is not what it should be.
  public func joined(
    to head: Component, allowDifferentSpace: Bool = false
  ) throws -> Model {
    guard self.header.kind == .extractor, head.header.kind == .head else {
      throw KindError(first: self.header.kind, second: head.header.kind)
    }
    return try Model(extractor: self, head: head, allowDifferentSpace: allowDifferentSpace)
  }
}

extension Model {
  /// - Throws: `FileError` where the file is missing, damaged, or no model.
  public init(contentsOf path: String) throws { self = try ModelFile.read(path) }

  /// The file is whole, or as it was.
  public func write(to path: String) throws { try ModelFile.write(self, to: path) }

  /// Layers on a device.
  public func load(on backend: any Backend) throws -> Recombination {
    try makeModel(path: "a model", on: backend)
  }

  /// What extractor and head are to each other, measured on a data set's test images.
  /// - Parameters:
  ///   - dataset: whose test images are measured.
  ///   - synonyms: the data set's name of a class to the head's.
  ///   - own: the extractor's own head: the upper bound.
  ///   - device: where to compute.
  /// - Throws: `NoCommonClassError`; what the device reports.
  public func certificate(
    on dataset: Dataset, synonyms: [String: String] = [:], own: Component? = nil,
    device: Device = .best
  ) throws -> Certificate {
    let backend = try device.open()
    return try Certifier(on: backend).certify(
      extractor, head, on: LabeledImages(dataset, synonyms: synonyms), own: own,
      allowDifferentSpace: true)
  }
}

/// Not an extractor and a head.
public struct KindError: Error, CustomStringConvertible, Sendable {
  let first: ComponentKind
  let second: ComponentKind

  public var description: String {
    "expected an extractor and a head, got the kinds \(first.rawValue) and \(second.rawValue)"
  }
}
