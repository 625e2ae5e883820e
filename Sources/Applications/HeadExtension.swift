import Components
import Datasets
import Networks
import Recipes
import Runs
import Training

extension Application {
  /// What came of a head that grew: the accuracy of each extractor under it, before and after.
  public struct ExtensionResults: Codable, Sendable {
    /// One extractor under the head.
    public struct Part: Codable, Sendable {
      /// Its file.
      public let extractor: String
      /// Whether the head was trained on it.
      public let isReference: Bool
      /// With the head as it was, on the classes that it knew.
      public let before: Accuracy?
      /// With the grown head, on all classes of the data.
      public let after: Accuracy?
    }

    /// The data set, as printed: "folder tin10".
    public let data: String
    /// Classes that the head knew, by its outputs.
    public let oldClasses: [String]
    /// Classes of the data that it has learned besides.
    public let newClasses: [String]
    /// The reference first, then the others as they were given.
    public let parts: [Part]
    /// Of the training.
    public let seconds: Double
    /// Where the grown head is.
    public let head: String
  }

  /// One classifier for many extractors (Gygli et al. Sec. 5.2): a head that several extractors
  /// share grows to all classes of the data, is trained on one of them, frozen, and fits the
  /// others, untouched.
  /// - Parameters:
  ///   - headPath: file of the head that grows.
  ///   - reference: file of the extractor that the head is trained on.
  ///   - others: files of extractors that the head is measured with.
  ///   - trainReference: its extractor learns too, and starts a feature space of its own.
  /// - Throws: `MisfitError`; `ApplicationError` where the data lack a class of the head.
  public func extendHead(
    _ headPath: String, reference: String, others: [String], trainReference: Bool
  ) throws -> ExtensionResults {
    let head = try ComponentFile.loadHead(headPath, on: backend)
    let extractors = try ([reference] + others).map {
      ($0, try ComponentFile.loadExtractor($0, on: backend))
    }
    for (_, extractor) in extractors { try require(extractor, fits: head) }
    let form = extractors[0].1.preprocessing.form
    for (path, extractor) in extractors where extractor.preprocessing.form != form {
      throw ApplicationError(
        "\(path) takes images of \(extractor.preprocessing.form), \(reference) of \(form)")
    }
    let dataset = try data(for: extractors[0].1)
    let names = try names(dataset, for: head)
    let lost = head.classNames.filter { !names.contains($0) }
    guard lost.isEmpty else {
      throw ApplicationError(
        "the data lack classes that the head knows (\(ApplicationError.list(lost))): it would forget "
          + "them; give data of all its classes, old and new, or name synonyms")
    }
    let before = try extractors.map { try evaluate($0.1, head, dataset) }
    var recipe = recipe(for: extractors[0].1)
    recipe.architecture = head.architecture
    recipe.tasks[0].architecture = extractors[0].1.architecture
    recipe.tasks[0].extractor = reference
    recipe.tasks[0].head = headPath
    if !trainReference { recipe.frozen = [.extractors] }
    let results = try train(recipe, dataset)
    let grown = try ComponentFile.loadHead(directory.head(task.name), on: backend)
    return ExtensionResults(
      data: dataset.name, oldClasses: head.classNames,
      newClasses: names.filter { !head.classNames.contains($0) },
      parts: try zip(extractors, before).enumerated().map { index, part in
        // A reference that was trained has changed: its new self is measured.
        let extractor =
          index == 0
          ? try ComponentFile.loadExtractor(directory.extractor(task.name), on: backend)
          : part.0.1
        return ExtensionResults.Part(
          extractor: part.0.0, isReference: index == 0, before: part.1,
          after: try evaluate(extractor, grown, dataset))
      },
      seconds: results.seconds, head: directory.head(task.name))
  }
}
