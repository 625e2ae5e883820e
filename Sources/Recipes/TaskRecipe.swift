public import Datasets
public import Networks

/// One task: a data set, what its classes are called elsewhere, and what its network starts from.
public struct TaskRecipe: Sendable, Equatable {
  public var name: String
  public var dataset: DatasetKind
  /// Absolute or as found from the current folder; nil for synthetic sets.
  public var path: String?
  /// The fraction of each class's images that is held out for tests, of a folder without a test part.
  public var test: Double?
  /// What is done to all images of the data set; nil: nothing.
  public var corruption: Corruption?
  /// The classes of the data set that the task has, in this order; nil: all of them.
  public var classes: [String]?
  /// Of its extractor, where it is another than the recipe's.
  public var architecture: Architecture?
  /// Directory of a run whose components this task's network starts from; nil: fresh weights.
  public var initialWeights: String?
  /// File of an extractor to go on from; nil: fresh weights.
  public var extractor: String?
  /// File of a head to go on from. One that knows some of the task's classes alone grows: its
  /// outputs keep their weights, those of the other classes are fresh.
  public var head: String?
  /// File of a head that does not change, and that the task's features are to be right under, too.
  public var oldHead: String?
  /// This data set's name of a class to the common one.
  public var synonyms: [String: String]

  public init(
    name: String, dataset: DatasetKind, path: String? = nil, synonyms: [String: String] = [:],
    test: Double? = nil
  ) {
    self.name = name
    self.dataset = dataset
    self.path = path
    self.synonyms = synonyms
    self.test = test
  }
}
