public import Datasets
public import Networks

/// Everything that a training depends on beside its tasks. Equal settings and tasks on one device give
/// equal bits.
public struct TrainingSettings: Sendable, Equatable {
  /// Height and width of the images, pixels.
  public var imageSize = 32
  /// How pictures become squares of that size.
  public var framing = Framing.square
  /// Of extractors, unless a task has its own, and of heads.
  public var architecture = Architecture(depth: 8, split: .stage2)
  /// What is minimized.
  public var objective = Objective.target
  /// How the networks are made compatible; empty: not at all.
  public var methods: [CompatibilityMethod] = []
  /// One target head for all tasks, which have the same classes then (Sec. 5.2).
  public var sharedHead = false
  /// A rotation head for each task, not shared: the paper's upper bound.
  public var ownRotationHead = false
  /// Of each self-supervised task.
  public var rotations = Copies.all
  /// What the self-supervised losses are multiplied by (Eq. 1: 1).
  public var selfSupervisedWeight = 1.0
  /// What the shared self-supervised heads are made of, where it is not the target head's shape:
  /// the head of this architecture.
  public var selfSupervisedHead: Architecture?
  /// Whether the heads that tasks share learn with them.
  public var sharedHeads = SharedHeads.trained
  /// How many of the common classes the common-classes head sees, drawn from the seed; 0: all.
  public var commonClassesUsed = 0
  /// What is not updated.
  public var frozen: Set<NetworkPart> = []
  /// All tasks in turn, or one after the other.
  public var scheme = Scheme.joint
  /// Minibatches of each task.
  public var steps = 500
  /// Images of a minibatch.
  public var batchSize = 128
  /// At its highest, after the warm-up.
  public var learningRate = 0.1
  /// Which optimizer, and its options.
  public var optimizer = OptimizerChoice()
  /// λ, as the optimizer means it.
  public var weightDecay = 1e-4
  /// Whether batch norm's scales and shifts, and biases, decay like all other weights.
  public var decaysNormsAndBiases = true
  /// ε of the target loss's label smoothing (Szegedy et al. 2016).
  public var labelSmoothing = 0.0
  /// d of a moving average of the weights, average := d·average + (1 − d)·weight after each step,
  /// which is what is measured and stored; 0: the weights themselves.
  public var averageWeights = 0.0
  /// How the learning rate falls.
  public var schedule = Schedule.cosine
  /// Fraction of the minibatches over which the learning rate rises linearly.
  public var warmup = 0.05
  /// What is done to the training images, each anew in every minibatch.
  public var augment = Augmentation.standard
  /// What is made again in the backward pass, for less memory; it changes no bit.
  public var recompute = Recomputed.none
  /// Of all random draws.
  public var seed: UInt64 = 0
  /// Fraction of each training set that is held out for choices.
  public var validation = 0.0
  /// Accuracies are also measured every so many steps; 0: at the end alone.
  public var evaluateEvery = 0
  /// And after these many steps, ascending; 0 is before the first.
  public var evaluateAt: [Int] = []

  /// Every setting at its standard.
  public init() {}

  /// Of the images.
  public var form: PictureForm { PictureForm(size: imageSize, framing: framing) }

  /// Whether a method is among `methods`.
  public func uses(_ method: CompatibilityMethod) -> Bool { methods.contains(method) }

  /// Whether some loss looks at no labels.
  package var isSelfSupervised: Bool {
    ownRotationHead || methods.contains { $0.auxiliaryTask != nil }
  }

  /// What is not updated: `frozen`, and what the objective leaves as it is.
  var frozenParts: Set<NetworkPart> {
    objective == .informationMaximization ? frozen.union([.heads]) : frozen
  }

  /// Whether accuracies are measured after so many steps, the end apart.
  func evaluates(after step: Int) -> Bool {
    evaluateAt.contains(step) || (evaluateEvery > 0 && step > 0 && step % evaluateEvery == 0)
  }
}

/// Settings, or settings and tasks, that cannot be followed: where, what, expected and got.
public struct SettingsError: Error, CustomStringConvertible, Sendable, Equatable {
  /// Begins with the setting's name as a recipe spells it, or with “task NAME”.
  public let problem: String

  public init(_ problem: String) { self.problem = problem }

  public var description: String { problem }
}
