import Autograd
public import Components
public import Datasets
import Networks
public import Optimizers
public import Tensors

/// How far a training is.
public struct TrainingProgress: Sendable {
  /// Steps done: a minibatch of each task that is trained together; with one task after
  /// the other, those of all tasks so far.
  public let step: Int
  /// Steps in all.
  public let steps: Int
  /// Minibatches of all tasks done.
  public let minibatch: Int
  /// Images seen so far, each of a minibatch once.
  public let images: Int
  /// Of the step.
  public let learningRate: Float
  /// By task: mean loss per image of its last minibatch: the target's and the auxiliary heads'.
  public let losses: [TaskLosses]
  /// Seconds so far, since it began or went on, in which nothing was enqueued because a minibatch
  /// was not yet decoded; nil where all images are held.
  public var secondsWaiting: Double?
  /// Damaged files so far in whose place others were taken.
  public var skippedImages: [String] = []
}

/// A task's losses, means over a minibatch, without their weights.
public struct TaskLosses: Codable, Sendable {
  /// The task's name.
  public let task: String
  /// None where labels are not looked at.
  public internal(set) var target: Float?
  /// By kind of the auxiliary head: `rotation`, `jigsaw`, `common-classes`.
  public var auxiliary: [String: Float] = [:]
}

/// Trains any number of networks to be compatible, as the settings say.
///
/// Per minibatch of task t (Eqs. 1 and 2 of the paper), with B images:
///
///     ℓ = CE(h(f(x; Φt); Θt), y)                       target
///       + Σ_{y ∈ C} CE(h(f(x; Φt); Θc), y) / B         common-classes
///       + w/4 Σ_r CE(h(f(rot_r(x); Φt); Θs), r)        rotation-prediction
///
/// with w = 1 unless the settings say otherwise, and r drawn for each image where they say
/// `rotations: one`. With the objective `self-supervised` the last line alone. Each line is a
/// `LossTerm`. Only what took part in a minibatch and is not frozen is updated.
public final class Trainer {
  /// What the training was made with.
  public let settings: TrainingSettings
  let provenance: String?
  /// Which classes the tasks have in common.
  public let classMap: ClassMap
  /// The tasks' networks, in the tasks' order.
  public let networks: [TaskNetwork]
  /// One for each self-supervised method, shared by all tasks.
  public let selfSupervisedHeads: [AuxiliaryHead]
  /// The head over common classes, where the methods have one.
  public let commonClassesHead: AuxiliaryHead?
  /// Of each network: what stands for the weights that it started from (`stamp()`).
  let initialAnchors: [Anchor?]
  /// Of each network: the components that it goes on from.
  let given: [GivenComponents]
  let backend: any Backend
  /// Updates all parameters, and keeps its state of each.
  public let optimizer: any Optimizer
  let watch: GradientWatch
  package internal(set) var imagesDone = 0
  /// Seconds in which a minibatch of streamed images was not yet decoded.
  var secondsWaiting = 0.0
  /// Of the training that this one goes on from.
  var earlier: (secondsWaiting: Double, skippedImages: [String]) = (0, [])
  /// Of each task: the losses of its last minibatch.
  var recent: [[LossTensor]]
  /// Of each task: the losses, by the images that they look at.
  private(set) var passes: [[Pass]] = []
  /// With `average-weights`: what is measured and stored in place of the last weights.
  var averages: WeightCopies?
  /// The best weights so far, where a run keeps them.
  var kept: WeightCopies?
  /// After how many steps the networks' weights were kept, where it was not the last.
  var keptStep: Int?
  /// Losses that no settings know.
  let ownLosses: [any LossTerm]

  /// - Parameters:
  ///   - settings: all that the training depends on beside data.
  ///   - tasks: what is trained together, in this order.
  ///   - given: auxiliary heads that take the place of fresh ones of their kind.
  ///   - initialHeads: auxiliary heads that fresh ones of their kind start as copies of.
  ///   - provenance: what stands in the lineage of all components as their settings.
  ///   - losses: terms beside those that the settings ask for, the same for all tasks.
  ///   - augmentation: in place of the settings'.
  ///   - optimizer: in place of the settings'.
  ///   - backend: where it computes.
  /// - Throws: `SettingsError` where tasks and settings do not fit.
  public init(
    _ settings: TrainingSettings, tasks: [TrainingTask],
    auxiliaryHeads given: [GivenComponent] = [],
    initialHeads: [GivenComponent] = [], provenance: String? = nil,
    losses: [any LossTerm] = [], augmentation: [any AugmentationStep]? = nil,
    optimizer: (any Optimizer)? = nil, on backend: any Backend
  ) throws {
    try settings.validate(tasks: tasks.map(\.name), givenHeads: !given.isEmpty)
    self.settings = settings
    self.backend = backend
    self.provenance = provenance
    let classMap = try Self.classMap(tasks)
    self.classMap = classMap
    let heads = try Self.heads(given, settings, on: backend)
    try Self.check(tasks, classMap, settings, heads)
    let components = try tasks.map { try GivenComponents(settings, $0, on: backend) }
    var made: [TaskNetwork] = []
    for index in tasks.indices {
      made.append(
        try TaskNetwork(
          settings, tasks[index], index: index, classNames: classMap.names[index],
          classCounts: tasks.map(\.dataset.classNames.count), given: components[index],
          augmentation: augmentation ?? settings.augment.steps,
          sharing: settings.sharedHead ? made.first?.head : nil, on: backend))
    }
    networks = made
    selfSupervisedHeads = try Self.selfSupervisedHeads(settings, heads, on: backend)
    commonClassesHead = try Self.commonClassesHead(settings, heads, classMap, on: backend)
    self.given = components
    for (task, network) in zip(tasks, networks) {
      try task.initialWeights?.copy(to: network, settings, on: backend)
    }
    for head in initialHeads {
      try InitialWeights.copy(head, to: selfSupervisedHeads, on: backend)
    }
    initialAnchors = try Self.initialAnchors(networks, settings, on: backend)
    self.optimizer = try optimizer ?? settings.makeOptimizer()
    recent = networks.map { _ in [] }
    ownLosses = losses
    let parts = Self.parts(
      networks,
      selfSupervisedHeads + [commonClassesHead].compactMap(\.self)
        + losses.compactMap(\.sharedHead),
      sharedHead: settings.sharedHead)
    watch = GradientWatch(
      parts.flatMap { part, layers in layers.parameters.map { ("\(part)/\($0.name)", $0) } },
      on: backend)
    if let detector = backend as? any AnomalyDetecting {
      for (part, layers) in parts {
        for each in layers.parameters { detector.name(each.value, "\(part)/\(each.name)") }
        for each in layers.buffers { detector.name(each.value, "\(part)/\(each.name)") }
      }
    }
    freeze()
    try fixSharedHeads()
    if settings.averageWeights > 0 {
      averages = WeightCopies(of: parts, prefix: "average", on: backend)
    }
    passes = networks.map { Self.passes(terms(of: $0, with: losses)) }
    for network in networks {
      guard let old = components[network.index].oldHead,
        Set(classMap.names[network.index]).isDisjoint(with: old.classNames)
      else { continue }
      throw SettingsError(
        "task \(network.name): old-head: it knows none of the task's classes; name synonyms")
    }
    for network in networks where network.train.count == 0 && network.dataset.stream == nil {
      throw SettingsError(
        "validation: \(settings.validation) of the \(network.dataset.train.count) training images of "
          + "task \(network.name) leaves none to train on")
    }
  }

  /// All that tasks share.
  public var auxiliaryHeads: [AuxiliaryHead] {
    selfSupervisedHeads + (commonClassesHead.map { [$0] } ?? [])
      + ownLosses.compactMap(\.sharedHead)
  }

  /// Trains to the end. `progress` is called every 10 steps of each task, and then losses are read
  /// back; `evaluate` after every `evaluate-every` steps of each task; `roundEnded` last of all
  /// after every round.
  /// - Parameters:
  ///   - position: where a training goes on whose state has been restored.
  ///   - clock: what tells how long images are waited for.
  ///   - progress: called every 10 steps of each task, and then losses are read back.
  ///   - evaluate: called after every `evaluate-every` steps of each task.
  ///   - roundEnded: called last of all after every round.
  public func run(
    from position: TrainingPosition = TrainingPosition(),
    clock: some Clock<Duration> = ContinuousClock(),
    progress: (TrainingProgress) throws -> Void = { _ in },
    evaluate: (_ step: Int) throws -> Void = { _ in },
    roundEnded: (TrainingPosition) throws -> Void = { _ in }
  ) throws {
    let stopwatch = Stopwatch(clock)
    let groups = settings.scheme == .joint ? [networks] : networks.map { [$0] }
    for phase in position.phase..<groups.count {
      // After the first task the auxiliary heads stand as they are.
      if phase > 0 { for head in auxiliaryHeads { head.isFrozen = true } }
      let first = phase == position.phase ? position.round : 0
      if settings.scheme == .joint && first == 0 && settings.evaluates(after: 0) { try evaluate(0) }
      try train(groups[phase], from: first, stopwatch, progress, evaluate) {
        try roundEnded(TrainingPosition(phase: phase, round: $0))
      }
    }
    if groups.count > 1 { for head in auxiliaryHeads { head.isFrozen = true } }
    try backend.synchronize()
  }

  private func train(
    _ group: [TaskNetwork], from first: Int, _ stopwatch: Stopwatch,
    _ progress: (TrainingProgress) throws -> Void,
    _ evaluate: (Int) throws -> Void, _ roundEnded: (Int) throws -> Void
  ) throws {
    let rate = LearningRate(settings, total: settings.steps * group.count)
    for step in min(first, settings.steps)..<settings.steps {
      for (turn, network) in group.enumerated() {
        let minibatch = step * group.count + turn
        try self.step(network, step: step, learningRate: rate.at(minibatch), stopwatch: stopwatch)
      }
      average(after: step + 1)
      if (step + 1) % 10 == 0 || step + 1 == settings.steps {
        try requireFinite()
        let isJoint = settings.scheme == .joint
        let before = isJoint ? 0 : group[0].index * settings.steps
        try progress(
          TrainingProgress(
            step: before + step + 1, steps: settings.steps * (isJoint ? 1 : networks.count),
            minibatch: before + (step + 1) * group.count, images: imagesDone,
            learningRate: rate.at(step * group.count),
            losses: try group.map { try readLosses($0, step: step) },
            secondsWaiting: streams ? secondsWaiting : nil, skippedImages: skippedImages))
      }
      if settings.evaluates(after: step + 1), step + 1 < settings.steps, settings.scheme == .joint {
        if let averages {
          try averages.exchanged { try evaluate(step + 1) }
        } else {
          try evaluate(step + 1)
        }
      }
      try roundEnded(step + 1)
    }
    averages?.restore()
  }
}
