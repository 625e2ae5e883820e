public import Datasets

/// Images to measure on: a data set's test part, its classes by their canonical names.
public struct LabeledImages: Sendable {
  /// What it is, as printed: "CIFAR-10".
  public let name: String
  /// `Dataset.digest`.
  public let digest: String
  /// What a reader of a result must know, as `Dataset.notes`.
  public let notes: [String]
  /// The test images.
  public let images: ImageSet
  /// By label.
  public let labelNames: [String]
  /// This data set's name to the canonical one, built-in ones included.
  public let synonyms: [String: String]

  /// - Throws: `ClassMapError` where synonyms and classes do not fit.
  public init(
    _ dataset: Dataset, kind: DatasetKind? = nil, synonyms: [String: String] = [:]
  ) throws(ClassMapError) {
    let builtIn = (kind?.synonyms ?? [:]).filter { dataset.classNames.contains($0.key) }
    self.synonyms = builtIn.merging(synonyms) { $1 }
    labelNames = try ClassMap([(dataset.classNames, self.synonyms)]).names[0]
    name = dataset.name
    digest = dataset.digest
    notes = dataset.notes
    images = dataset.test
  }
}

/// Data that say nothing about a head.
public struct NoCommonClassError: Error, CustomStringConvertible, Sendable {
  let data: String
  let labelNames: [String]
  let outputs: [String]

  public var description: String {
    "\(data) has no test image of a class that the head knows: its classes are "
      + "\(Self.list(labelNames)); the head's are \(Self.list(outputs)); name synonyms"
  }

  private static func list(_ names: [String]) -> String {
    names.prefix(20).joined(separator: ", ") + (names.count > 20 ? ", …" : "")
  }
}
