import Components
import Networks
import Tensors

/// The components that a task's network goes on from (`extractor`, `head`), and where they were.
struct GivenComponents {
  var extractor: FeatureExtractor?
  var head: TaskHead?
  /// Their feature spaces before the training, and their digests.
  var extractorSpace: FeatureSpace?
  var headSpace: FeatureSpace?
  var parents: [Lineage.Relative] = []

  /// - Throws: `FileError`; `RecipeError` where a component is not what the recipe needs.
  init(_ recipe: Recipe, _ task: TaskRecipe, on backend: any Backend) throws {
    if let path = task.extractor {
      let record = try ComponentFile.read(path)
      let found = try record.makeExtractor(path: path, on: backend)
      try Self.require(found.architecture, recipe.architecture(of: task), path, "extractor", task)
      guard found.preprocessing.imageSize == recipe.imageSize else {
        throw RecipeError(
          "task \(task.name): extractor: \(path) takes images of "
            + "\(found.preprocessing.imageSize) pixels, image-size is \(recipe.imageSize)")
      }
      extractorSpace = found.stamp.featureSpace
      extractor = found
      parents.append(.init(role: "extractor", digest: record.header.digest))
    }
    if let path = task.head {
      let record = try ComponentFile.read(path)
      let found = try record.makeHead(path: path, on: backend)
      try Self.require(found.architecture, recipe.architecture, path, "head", task)
      headSpace = found.stamp.featureSpace
      head = found
      parents.append(.init(role: "head", digest: record.header.digest))
    }
  }

  private static func require(
    _ found: Architecture, _ wanted: Architecture, _ path: String, _ what: String,
    _ task: TaskRecipe
  ) throws(RecipeError) {
    guard found != wanted else { return }
    throw RecipeError(
      "task \(task.name): \(what): \(path) is of a \(found) cut at \(found.split.rawValue), the "
        + "recipe says \(wanted) cut at \(wanted.split.rawValue); give the architecture of the file"
    )
  }

  /// The given head for the task's classes, by their names.
  func head(
    for classNames: [String], of task: TaskRecipe, fresh: () -> Sequential, on backend: any Backend
  ) throws -> TaskHead? {
    guard let head else { return nil }
    guard head.classNames != classNames else { return head }
    let strangers = head.classNames.filter { !classNames.contains($0) }
    guard strangers.isEmpty else {
      throw RecipeError(
        "task \(task.name): head: it knows the class \(strangers[0])"
          + (strangers.count > 1 ? " and \(strangers.count - 1) more" : "")
          + " that the data do not have (theirs: \(classNames.prefix(12).joined(separator: ", "))"
          + "\(classNames.count > 12 ? ", …" : "")); name synonyms, or give the data that it is for"
      )
    }
    return try head.growing(to: classNames, fresh: fresh(), on: backend)
  }
}
