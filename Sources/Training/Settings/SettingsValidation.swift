import Components
import Datasets
public import Networks
import Tensors

extension TrainingSettings {
  /// What no single setting can tell.
  /// - Parameters:
  ///   - names: the tasks', in their order.
  ///   - givenHeads: whether auxiliary heads are given: a common-classes head among them has its
  ///     classes, so that one task is enough.
  public func validate(tasks names: [String], givenHeads: Bool) throws(SettingsError) {
    if names.isEmpty { throw SettingsError("tasks: at least one is needed") }
    for (index, name) in names.enumerated() where names[..<index].contains(name) {
      throw SettingsError("tasks: the name “\(name)” stands twice; names must differ")
    }
    do { try architecture.validate() } catch {
      throw SettingsError("architecture: \(error.key): \(error)")
    }
    if let problem = framing.problem(imageSize: imageSize) {
      throw SettingsError("resize: \(problem)")
    }
    try validateMethods(tasks: names.count, givenHeads: givenHeads)
    if frozen == Set(NetworkPart.allCases)
      || (frozen.isSuperset(of: [.extractors, .heads]) && auxiliaryMethods.isEmpty)
    {
      throw SettingsError("frozen: nothing is left to train")
    }
    if zip(evaluateAt, evaluateAt.dropFirst()).contains(where: { $0 >= $1 }) {
      throw SettingsError("evaluate-at: expected ascending steps, got \(evaluateAt)")
    }
  }

  private func validateMethods(tasks: Int, givenHeads: Bool) throws(SettingsError) {
    if ownRotationHead && uses(.rotationPrediction) {
      throw SettingsError(
        "own-rotation-head gives each task its own head, rotation-prediction shares one: "
          + "choose one of them")
    }
    if commonClassesUsed == 1 || (commonClassesUsed > 0 && !uses(.commonClasses)) {
      throw SettingsError(
        "common-classes-used: expected 0 (all) or at least 2, with the method common-classes")
    }
    if uses(.commonClasses) && tasks < 2 && !givenHeads {
      throw SettingsError(
        "methods: common-classes needs at least two tasks, or the common-classes head of an earlier "
          + "training in auxiliary-heads")
    }
    if sharedHeads == .fixedSimplex && !uses(.commonClasses) {
      throw SettingsError(
        "shared-heads: fixed-simplex is of the common-classes head: add common-classes to methods, "
          + "or leave it out")
    }
    if sharedHeads == .fixed && auxiliaryMethods.isEmpty {
      throw SettingsError(
        "shared-heads: fixed needs a head that tasks share: add rotation-prediction, jigsaw or "
          + "common-classes to methods, or leave it out")
    }
    try validateSelfSupervision()
    if objective.followsPredictions { try validatePredictions() }
    guard objective == .selfSupervised else { return }
    if uses(.commonClasses) || !methods.contains(where: { $0.auxiliaryTask != nil }) {
      throw SettingsError(
        "objective: self-supervised looks at no labels: its methods are rotation-prediction or "
          + "jigsaw, and not common-classes")
    }
    if frozen.contains(.extractors) {
      throw SettingsError("frozen: self-supervised training of frozen extractors changes nothing")
    }
  }

  /// What such an objective has no use for.
  private func validatePredictions() throws(SettingsError) {
    func refuse(_ isThere: Bool, _ key: String) throws(SettingsError) {
      guard isThere else { return }
      throw SettingsError(
        "objective: \(objective.rawValue) has its one loss and freezes what it has to; leave "
          + "\(key) out")
    }
    try refuse(!methods.isEmpty, "methods")
    try refuse(ownRotationHead, "own-rotation-head")
    try refuse(sharedHead, "shared-head")
    try refuse(!frozen.isEmpty, "frozen")
    try refuse(labelSmoothing > 0, "label-smoothing")
  }

  private func validateSelfSupervision() throws(SettingsError) {
    let isDefault =
      rotations == .all && selfSupervisedWeight == 1 && selfSupervisedHead == nil
    if !isDefault && !isSelfSupervised {
      throw SettingsError(
        "rotations and self-supervised-… need a self-supervised task: add "
          + "rotation-prediction or jigsaw to methods, or own-rotation-head")
    }
    if objective == .selfSupervised && labelSmoothing > 0 {
      throw SettingsError("label-smoothing needs targets: objective is self-supervised")
    }
    guard let head = selfSupervisedHead else { return }
    do { try head.validate() } catch {
      throw SettingsError("self-supervised-head: \(error.key): \(error)")
    }
    let (takes, gives) = (head.cut.channels, architecture.cut.channels)
    guard takes == gives, head.cutActivation == architecture.cutActivation else {
      throw SettingsError(
        "self-supervised-head: it takes \(takes) channels (activation "
          + "\(head.cutActivation.rawValue)), the extractors give \(gives) "
          + "(\(architecture.cutActivation.rawValue)); give both the same adapter")
    }
  }

  private var auxiliaryMethods: [CompatibilityMethod] {
    methods.filter { $0 != .identicalInitialWeights }
  }
}

extension TrainingSettings {
  /// Every extractor gives what the heads, which are of the settings' architecture, take.
  /// - Parameters:
  ///   - own: of a task's extractor.
  ///   - task: its name.
  public func validate(_ own: Architecture, of task: String) throws(SettingsError) {
    do { try own.validate() } catch {
      throw SettingsError("task \(task): architecture: \(error.key): \(error)")
    }
    func require(_ what: String, _ gives: String, _ takes: String) throws(SettingsError) {
      guard gives != takes else { return }
      throw SettingsError(
        "task \(task): architecture: its extractor gives \(gives) \(what), heads of the recipe's "
          + "architecture take \(takes); give both the same adapter")
    }
    try require("channels", "\(own.cut.channels)", "\(architecture.cut.channels)")
    try require(
      "as the last activation", own.cutActivation.rawValue, architecture.cutActivation.rawValue)
    let divisor = max(4, own.cut.spatialDivisor)
    if imageSize % divisor != 0 {
      throw SettingsError("image-size: expected a multiple of \(divisor), got \(imageSize)")
    }
  }
}
