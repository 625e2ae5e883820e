import Datasets
import Networks
import Tensors

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
    try validateTasks()
    try validateMethods()
    try validateStart()
  }

  private func validateTasks() throws(RecipeError) {
    if tasks.isEmpty { throw RecipeError("tasks: at least one is needed") }
    for (index, task) in tasks.enumerated() {
      if tasks[..<index].contains(where: { $0.name == task.name }) {
        throw RecipeError("tasks: the name “\(task.name)” stands twice; names must differ")
      }
      if task.dataset.needsPath && task.path == nil {
        throw RecipeError("task \(task.name): the dataset \(task.dataset.rawValue) needs a path")
      }
      if let classes = task.classes, Set(classes).count < classes.count || classes.isEmpty {
        throw RecipeError("task \(task.name): classes: expected some, each once")
      }
      try validateArchitecture(of: task)
    }
    do { try architecture.validate() } catch {
      throw RecipeError("architecture: \(error.key): \(error)")
    }
  }

  /// Every extractor gives what the heads, which are of the recipe's architecture, take.
  private func validateArchitecture(of task: TaskRecipe) throws(RecipeError) {
    let own = architecture(of: task)
    do { try own.validate() } catch {
      throw RecipeError("task \(task.name): architecture: \(error.key): \(error)")
    }
    func require(_ what: String, _ gives: String, _ takes: String) throws(RecipeError) {
      guard gives != takes else { return }
      throw RecipeError(
        "task \(task.name): architecture: its extractor gives \(gives) \(what), heads of the "
          + "recipe's architecture take \(takes); give both the same adapter")
    }
    try require("channels", "\(own.cut.channels)", "\(architecture.cut.channels)")
    try require(
      "as the last activation", own.cutActivation.rawValue, architecture.cutActivation.rawValue)
    let divisor = max(4, own.cut.spatialDivisor)
    if imageSize % divisor != 0 {
      throw RecipeError("image-size: expected a multiple of \(divisor), got \(imageSize)")
    }
  }

  private func validateMethods() throws(RecipeError) {
    if ownRotationHead && uses(.rotationPrediction) {
      throw RecipeError(
        "own-rotation-head gives each task its own head, rotation-prediction shares one: "
          + "choose one of them")
    }
    if commonClassesUsed == 1 || (commonClassesUsed > 0 && !uses(.commonClasses)) {
      throw RecipeError(
        "common-classes-used: expected 0 (all) or at least 2, with the method common-classes")
    }
    if uses(.commonClasses) && tasks.count < 2 {
      throw RecipeError("methods: common-classes needs at least two tasks")
    }
    try validateSelfSupervision()
    guard objective == .selfSupervised else { return }
    if uses(.commonClasses) || !methods.contains(where: { $0.auxiliaryTask != nil }) {
      throw RecipeError(
        "objective: self-supervised looks at no labels: its methods are rotation-prediction or "
          + "jigsaw, and not common-classes")
    }
    if frozen.contains(.extractors) {
      throw RecipeError("frozen: self-supervised training of frozen extractors changes nothing")
    }
  }

  private func validateSelfSupervision() throws(RecipeError) {
    let isDefault =
      rotations == .all && selfSupervisedWeight == 1 && selfSupervisedHead == nil
    if !isDefault && !isSelfSupervised {
      throw RecipeError(
        "rotations and self-supervised-… need a self-supervised task: add "
          + "rotation-prediction or jigsaw to methods, or own-rotation-head")
    }
    if objective == .selfSupervised && labelSmoothing > 0 {
      throw RecipeError("label-smoothing needs targets: objective is self-supervised")
    }
    guard let head = selfSupervisedHead else { return }
    do { try head.validate() } catch {
      throw RecipeError("self-supervised-head: \(error.key): \(error)")
    }
    let (takes, gives) = (head.cut.channels, architecture.cut.channels)
    guard takes == gives, head.cutActivation == architecture.cutActivation else {
      throw RecipeError(
        "self-supervised-head: it takes \(takes) channels (activation "
          + "\(head.cutActivation.rawValue)), the extractors give \(gives) "
          + "(\(architecture.cutActivation.rawValue)); give both the same adapter")
    }
    if initialWeights != nil || tasks.contains(where: { $0.initialWeights != nil }) {
      throw RecipeError(
        "self-supervised-head: initial-weights take the target heads from a rotation head of their "
          + "shape; leave one of them out")
    }
  }

  /// Whether some loss looks at no labels.
  package var isSelfSupervised: Bool {
    ownRotationHead || methods.contains { $0.auxiliaryTask != nil }
  }

  private func validateStart() throws(RecipeError) {
    if initialWeights != nil && tasks.contains(where: { $0.initialWeights != nil }) {
      throw RecipeError("initial-weights: give it for the recipe or for its tasks, not both")
    }
    for task in tasks where task.extractor != nil || task.head != nil {
      if initialWeights != nil || task.initialWeights != nil {
        throw RecipeError(
          "task \(task.name): initial-weights and its own extractor or head exclude each other")
      }
    }
    if sharedHead, tasks.dropFirst().contains(where: { $0.head != nil }) {
      throw RecipeError("shared-head: a head to go on from stands with the first task")
    }
    if frozen == Set(NetworkPart.allCases)
      || (frozen.isSuperset(of: [.extractors, .heads]) && auxiliaryMethods.isEmpty)
    {
      throw RecipeError("frozen: nothing is left to train")
    }
    if zip(evaluateAt, evaluateAt.dropFirst()).contains(where: { $0 >= $1 }) {
      throw RecipeError("evaluate-at: expected ascending steps, got \(evaluateAt)")
    }
  }

  private var auxiliaryMethods: [CompatibilityMethod] {
    methods.filter { $0 != .identicalInitialWeights }
  }
}
