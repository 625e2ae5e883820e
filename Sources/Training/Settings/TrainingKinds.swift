/// How several networks are trained (Sec. 3.4).
public enum Scheme: String, Codable, Sendable, CaseIterable {
  /// Alternate: one minibatch of each task in turn, auxiliary heads updated by all.
  case joint
  /// One task after the other; the auxiliary heads are frozen after the first.
  case incremental
}

/// What a training minimizes.
public enum Objective: String, Codable, Sendable, CaseIterable {
  /// The tasks' own losses, and those of the methods beside them.
  case target
  /// The self-supervised losses alone: labels are not looked at. Pre-training (Sec. 4.1) and
  /// adaptation (Sec. 5.1).
  case selfSupervised = "self-supervised"
  /// The entropy of a given network's predictions, by batch norm's scales and shifts alone (TENT,
  /// Wang et al. 2021).
  case entropy
  /// That entropy less the entropy of the mean prediction, by a given extractor under its given
  /// head, which is frozen (SHOT, Liang et al. 2020).
  case informationMaximization = "information-maximization"

  /// Whether a given network goes on by its own predictions, whatever classes the images are of.
  package var followsPredictions: Bool { self == .entropy || self == .informationMaximization }
  /// Whether the target heads have a part in the loss.
  package var usesHeads: Bool { self != .selfSupervised }
  /// Whether the target heads may change.
  package var trainsHeads: Bool { self == .target || self == .entropy }
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

/// Which activations a training makes again in the backward pass. All bits of the training are the
/// same.
public enum Recomputed: String, Codable, Sendable, CaseIterable {
  /// All that the backward pass wants are kept.
  case none
  /// Of a block (residual, bottleneck, inverted residual, pre-activation) input and output alone are
  /// kept: less memory, for the time of about another forward pass.
  case blocks
}
