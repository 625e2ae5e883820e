import Datasets
import Training

/// A recipe that cannot be followed: where, what, expected and got.
public struct RecipeError: Error, CustomStringConvertible, Sendable, Equatable {
  /// 1-based line of the file, where known.
  public let line: Int?
  public let problem: String

  public init(line: Int? = nil, _ problem: String) {
    self.line = line
    self.problem = problem
  }

  public var description: String { "recipe\(line.map { ", line \($0)" } ?? ""): \(problem)" }
}

extension Recipe {
  /// What no single key can tell. - Throws: `RecipeError`.
  public func validate() throws(RecipeError) {
    do {
      try settings.validate(
        tasks: tasks.map(\.name), givenHeads: !auxiliaryHeads.isEmpty)
      try validateTasks()
      try validateStart()
      try validateKeeping()
    } catch let error {
      throw RecipeError(error.problem)
    }
  }

  private func validateTasks() throws(SettingsError) {
    for task in tasks {
      if task.dataset.needsPath && task.path == nil {
        throw SettingsError("task \(task.name): the dataset \(task.dataset.rawValue) needs a path")
      }
      if let classes = task.classes, Set(classes).count < classes.count || classes.isEmpty {
        throw SettingsError("task \(task.name): classes: expected some, each once")
      }
      try settings.validate(extractorArchitecture(of: task), of: task.name)
    }
  }

  private func validateKeeping() throws(SettingsError) {
    guard keep == .best else { return }
    if self.objective != .target || self.scheme != .joint {
      throw SettingsError(
        "keep: best goes by the tasks' own accuracies along a joint training; leave it out")
    }
    if self.validation == 0 || (self.evaluateEvery == 0 && self.evaluateAt.isEmpty) {
      throw SettingsError(
        "keep: best needs held-out images and measurements along the way: give validation, such as "
          + "0.1, and evaluate-every")
    }
  }

  private func validateStart() throws(SettingsError) {
    let tasksStart = tasks.contains { $0.initialWeights != nil }
    if initialWeights != nil && tasksStart {
      throw SettingsError("initial-weights: give it for the recipe or for its tasks, not both")
    }
    for task in tasks where task.extractor != nil || task.head != nil {
      if initialWeights != nil || task.initialWeights != nil {
        throw SettingsError(
          "task \(task.name): initial-weights and its own extractor or head exclude each other")
      }
    }
    if settings.sharedHead, tasks.dropFirst().contains(where: { $0.head != nil }) {
      throw SettingsError("shared-head: a head to go on from stands with the first task")
    }
    if settings.selfSupervisedHead != nil && (initialWeights != nil || tasksStart) {
      throw SettingsError(
        "self-supervised-head: initial-weights take the target heads from a rotation head of their "
          + "shape; leave one of them out")
    }
  }
}
