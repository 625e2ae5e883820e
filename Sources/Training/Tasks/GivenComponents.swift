import Components
import Datasets
import Networks
import Tensors

/// The components that a task's network goes on from, and where they were.
struct GivenComponents {
  var extractor: FeatureExtractor?
  var head: TaskHead?
  /// What its features are to be right under, too: frozen.
  var oldHead: TaskHead?
  /// Their feature spaces before the training, and their digests.
  var extractorSpace: FeatureSpace?
  var headSpace: FeatureSpace?
  var parents: [Lineage.Relative] = []

  /// - Throws: `FileError`; `SettingsError` where a component is not what the settings need.
  init(_ settings: TrainingSettings, _ task: TrainingTask, on backend: any Backend) throws {
    if let given = task.extractor {
      let found = try given.record.makeExtractor(path: given.place, on: backend)
      try Self.require(
        found.architecture, task.architecture ?? settings.architecture, given, "extractor", task)
      guard found.preprocessing.imageSize == settings.imageSize else {
        throw SettingsError(
          "task \(task.name): extractor: \(given.place) takes images of "
            + "\(found.preprocessing.imageSize) pixels, image-size is \(settings.imageSize)")
      }
      guard found.preprocessing.framing == settings.framing else {
        throw SettingsError(
          "task \(task.name): extractor: \(given.place) takes \(found.preprocessing.framing), the "
            + "recipe says \(settings.framing); give \(found.preprocessing.framing.recipeKeys)")
      }
      extractorSpace = found.stamp.featureSpace
      extractor = found
      parents.append(.init(role: "extractor", digest: given.record.header.digest))
    }
    if let given = task.head {
      let found = try given.record.makeHead(path: given.place, on: backend)
      try Self.require(found.architecture, settings.architecture, given, "head", task)
      headSpace = found.stamp.featureSpace
      head = found
      parents.append(.init(role: "head", digest: given.record.header.digest))
    }
    if let given = task.oldHead {
      let found = try given.record.makeHead(path: given.place, on: backend)
      let extractor = task.architecture ?? settings.architecture
      let (takes, gives) = (found.architecture.cut.channels, extractor.cut.channels)
      guard takes == gives, found.architecture.cutActivation == extractor.cutActivation else {
        throw SettingsError(
          "task \(task.name): old-head: \(given.place) takes \(takes) channels (activation "
            + "\(found.architecture.cutActivation.rawValue)), the extractor gives \(gives) "
            + "(\(extractor.cutActivation.rawValue)); give both the same adapter")
      }
      for parameter in found.layers.parameters { parameter.isFrozen = true }
      oldHead = found
    }
  }

  private static func require(
    _ found: Architecture, _ wanted: Architecture, _ given: GivenComponent, _ what: String,
    _ task: TrainingTask
  ) throws(SettingsError) {
    guard found != wanted else { return }
    throw SettingsError(
      "task \(task.name): \(what): \(given.place) is of a \(found.inFull), the recipe says "
        + "\(wanted.inFull); "
        + (what == "extractor" && wanted.isAdapted(found)
          ? "give it the adapter first: dovetail adapter --channels \(wanted.adapter!)"
          : "give the architecture of the file"))
  }

  /// The given head for the task's classes, by their names.
  func head(
    for classNames: [String], of task: TrainingTask, fresh: () -> Sequential,
    on backend: any Backend
  ) throws -> TaskHead? {
    guard let head else { return nil }
    guard head.classNames != classNames else { return head }
    let strangers = head.classNames.filter { !classNames.contains($0) }
    guard strangers.isEmpty else {
      throw SettingsError(
        "task \(task.name): head: it knows the class \(strangers[0])"
          + (strangers.count > 1 ? " and \(strangers.count - 1) more" : "")
          + " that the data do not have (theirs: \(classNames.prefix(12).joined(separator: ", "))"
          + "\(classNames.count > 12 ? ", …" : "")); name synonyms, or give the data that it is for"
      )
    }
    return try head.growing(to: classNames, fresh: fresh(), on: backend)
  }
}
