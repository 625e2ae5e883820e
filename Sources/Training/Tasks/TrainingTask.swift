public import Components
public import Datasets
public import Networks

/// One task: its data, what its classes are called elsewhere, and what its network starts from.
public struct TrainingTask {
  /// Becomes part of file names.
  public var name: String
  /// Training and test images, held or streamed.
  public var dataset: Dataset
  /// This data set's name of a class to the common one.
  public var synonyms: [String: String]
  /// Of its extractor, where it is another than the settings'.
  public var architecture: Architecture?
  /// An extractor to go on from; nil: fresh weights.
  public var extractor: GivenComponent?
  /// A head to go on from. One that knows some of the task's classes alone grows: its outputs keep
  /// their weights, those of the other classes are fresh.
  public var head: GivenComponent?
  /// A head that does not change, and that the task's features are to be right under, too, on images
  /// of the classes that it knows: backward-compatible training (Shen et al. 2020).
  public var oldHead: GivenComponent?
  /// Components that its network starts as copies of; nil: fresh weights.
  public var initialWeights: InitialWeights?

  /// Classes of one synonym become one.
  public init(_ name: String, _ dataset: Dataset, synonyms: [String: String] = [:]) {
    let merged = dataset.mergingClasses(synonyms)
    (self.name, self.dataset, self.synonyms) = (name, merged, merged.synonymsLeft(synonyms))
  }
}

/// A component to go on from, and where it stood, for messages.
public struct GivenComponent {
  /// The component itself.
  public let record: Component
  /// Where it stood, for messages.
  public let place: String

  public init(_ record: Component, place: String) {
    (self.record, self.place) = (record, place)
  }

  /// - Throws: `FileError` where the file is missing or damaged.
  public init(file path: String) throws {
    self.init(try ComponentFile.read(path), place: path)
  }
}
