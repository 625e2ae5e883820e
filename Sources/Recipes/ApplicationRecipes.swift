public import Networks
public import Training

/// What the applications of Sec. 5 ask of a recipe with one task.
extension Recipe {
  /// Unsupervised domain adaptation (Sec. 5.1): an extractor goes on with the rotation loss alone,
  /// on the task's images, whose labels are not looked at; the rotation head does not change, so
  /// the features stay where every head that fitted them looks for them.
  /// - Parameters:
  ///   - extractor: its file.
  ///   - rotationHead: file of the head that it was trained with.
  ///   - architecture: the extractor's.
  public mutating func adapt(
    _ extractor: String, through rotationHead: String, of architecture: Architecture
  ) {
    settings.objective = .selfSupervised
    settings.architecture = architecture
    tasks[0].extractor = extractor
    settings.methods = [.rotationPrediction]
    auxiliaryHeads = [rotationHead]
    settings.frozen = [.auxiliaryHeads]
    fineTune(learningRate: 0.001)
  }

  /// Adaptation by the network's own predictions: TENT, which takes the images as they are and lets
  /// nothing decay, as its authors do, or SHOT's information maximization.
  /// - Parameters:
  ///   - extractor: its file and architecture.
  ///   - head: the same of the head that it is adapted under.
  ///   - objective: `entropy` or `informationMaximization`.
  public mutating func adapt(
    _ extractor: (file: String, architecture: Architecture),
    under head: (file: String, architecture: Architecture), by objective: Objective
  ) {
    settings.objective = objective
    settings.architecture = head.architecture
    if extractor.architecture != head.architecture {
      tasks[0].architecture = extractor.architecture
    }
    (tasks[0].extractor, tasks[0].head) = (extractor.file, head.file)
    fineTune(learningRate: 0.001)
    if objective == .entropy { (settings.augment, settings.weightDecay) = (.none, 0) }
  }

  /// Transfer (Sec. 5.3): a source's extractor under a target's head, fine-tuned whole.
  /// - Parameters:
  ///   - extractor: file of the source's extractor.
  ///   - head: nil for a fresh one: what the paper compares with.
  ///   - architecture: the extractor's.
  public mutating func transfer(
    _ extractor: String, under head: String?, of architecture: Architecture
  ) {
    tasks[0].architecture = architecture
    tasks[0].extractor = extractor
    tasks[0].head = head
    fineTune(learningRate: 0.01)
  }

  /// At one learning rate from the first step to the last (ours).
  private mutating func fineTune(learningRate: Double) {
    settings.learningRate = learningRate
    settings.schedule = .constant
    settings.warmup = 0
  }

  /// 0, 1, 2, 5, 10, 20, … below `last`, and `others`: where a curve over a logarithmic axis is
  /// measured.
  public static func logarithmicSteps(to last: Int, with others: [Int] = []) -> [Int] {
    var steps: Set<Int> = [0]
    var decade = 1
    while decade < last {
      steps.formUnion([1, 2, 5].map { $0 * decade })
      decade *= 10
    }
    return steps.union(others).filter { $0 < last }.sorted()
  }
}
