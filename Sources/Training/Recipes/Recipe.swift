public import Datasets
public import Networks

/// How several networks are trained (Sec. 3.4).
public enum Scheme: String, Codable, Sendable, CaseIterable {
  /// Alternate: one minibatch of each task in turn, auxiliary heads updated by all.
  case joint
  /// One task after the other; the auxiliary heads are frozen after the first.
  case incremental
}

/// What a training minimises.
public enum Objective: String, Codable, Sendable, CaseIterable {
  /// The tasks' own losses, and those of the methods beside them.
  case target
  /// The self-supervised losses alone: labels are not looked at. Pre-training (Sec. 4.1) and
  /// adaptation (Sec. 5.1).
  case selfSupervised = "self-supervised"
}

/// Parts of the networks that a training may leave as they were given.
public enum NetworkPart: String, Codable, Sendable, CaseIterable {
  case extractors, heads
  case auxiliaryHeads = "auxiliary-heads"
}

/// How the learning rate falls over the minibatches of all tasks, after a linear warm-up.
public enum Schedule: String, Codable, Sendable, CaseIterable {
  /// Half a cosine, to 0.
  case cosine
  /// He et al. 2016: ÷ 10 at one half and at three quarters.
  case steps
  /// Not at all.
  case constant
}

/// How many copies of an image a self-supervised task sees in one minibatch.
public enum Copies: String, Codable, Sendable, CaseIterable {
  /// One for each label: all four rotations (Eq. 1).
  case all
  /// One, its label drawn at random: the expectation of Eq. 1's mean, at a quarter of the work.
  case one
}

/// Everything that a training depends on. Equal recipes on one device give equal bits.
public struct Recipe: Sendable, Equatable {
  public var tasks: [TaskRecipe]
  /// Height and width of the images, pixels.
  public var imageSize = 32
  public var architecture = Architecture(depth: 8, split: .stage2)
  public var objective = Objective.target
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
  /// How many of the common classes the common-classes head sees, drawn from the seed; 0: all.
  public var commonClassesUsed = 0
  /// Directory of a run whose components all networks start from; nil: fresh weights.
  public var initialWeights: String?
  /// Files of auxiliary heads, which take the place of fresh ones of their kind.
  public var auxiliaryHeads: [String] = []
  /// What is not updated.
  public var frozen: Set<NetworkPart> = []
  public var scheme = Scheme.joint
  /// Minibatches of each task.
  public var steps = 500
  public var batch = 128
  public var learningRate = 0.1
  public var optimizer = OptimizerChoice()
  public var weightDecay = 1e-4
  /// Whether batch norm's scales and shifts, and biases, decay like all other weights.
  public var decaysNormsAndBiases = true
  /// ε of the target loss's label smoothing (Szegedy et al. 2016).
  public var labelSmoothing = 0.0
  public var schedule = Schedule.cosine
  /// Fraction of the minibatches over which the learning rate rises linearly.
  public var warmup = 0.05
  /// MiB of training images of a task that are held on the device; of an image folder with more
  /// each minibatch is decoded when it is wanted.
  public var imageMemory = 2048
  /// What happens to image files that cannot be decoded.
  public var damagedImages = DamagedImages.fail
  /// What is done to the training images, each anew in every minibatch.
  public var augment = Augmentation.standard
  public var seed: UInt64 = 0
  /// Fraction of each training set that is held out for choices.
  public var validation = 0.0
  /// Accuracies are also measured every so many steps; 0: at the end alone.
  public var evaluateEvery = 0
  /// And after these many steps, ascending; 0 is before the first.
  public var evaluateAt: [Int] = []

  public init(tasks: [TaskRecipe]) { self.tasks = tasks }

  public func uses(_ method: CompatibilityMethod) -> Bool { methods.contains(method) }

  /// Of a task's extractor; all heads are of the recipe's own architecture.
  public func architecture(of task: TaskRecipe) -> Architecture {
    task.architecture ?? architecture
  }

  /// Whether accuracies are measured after so many steps, the end apart.
  func measures(after step: Int) -> Bool {
    evaluateAt.contains(step) || (evaluateEvery > 0 && step > 0 && step % evaluateEvery == 0)
  }
}
