public import Evaluation

/// What a run measured; the JSON of `train` and `evaluate`. Accuracies are in [0, 1].
public struct RunResults: Codable, Sendable {
  /// One task: its data, and how well its own network does.
  public struct Task: Codable, Sendable {
    /// As the recipe names it.
    public let name: String
    /// What it is: "CIFAR-10", "folder tin10".
    public let dataset: String
    /// What a reader of the result must know, as `Dataset.notes`.
    public let notes: [String]
    /// Training images, the held-out ones left out.
    public let trainImages: Int
    /// Test images.
    public let testImages: Int
    /// On all test images of the task; none where no head for them was trained.
    public let ownAccuracy: Double?
    /// The same where the class is among the five outputs of the largest logits; none of heads with
    /// five outputs or fewer.
    public let topFiveAccuracy: Double?
    /// The mean over the classes of the accuracy on each one's images.
    public let averageClassAccuracy: Double?
    /// Of each class that has test images, in the head's order.
    public let classAccuracies: [Evaluator.ClassAccuracy]?
    /// Of the self-supervised heads, by kind, on the copies of all test images: shared ones, or the
    /// task's own.
    public let auxiliaryAccuracy: [String: Double]?
    /// On the test images of classes that at least two tasks have: the upper bound of
    /// recombination.
    public let ownAccuracyOnCommonClasses: Double?
    /// On the held-out part of the training images, where the recipe holds some out.
    public let validationAccuracy: Double?
    /// The same on those of the classes that at least two tasks have.
    public let validationAccuracyOnCommonClasses: Double?
    /// `Dataset.digest`.
    public let dataDigest: String
  }

  /// One task's extractor under another task's head.
  public struct Recombined: Codable, Sendable, Equatable {
    /// The extractor's task.
    public let extractor: String
    /// The head's task.
    public let head: String
    /// The task whose test images of the common classes were measured: the extractor's.
    public let testedOn: String
    /// How many of them there are.
    public let images: Int
    /// The arg max over all outputs of the head, compared by the class's name.
    public let accuracy: Double?
    /// The arg max over the outputs of the common classes alone.
    public let accuracyAmongCommonOutputs: Double?
    /// 1 / outputs of the head.
    public let chance: Double
    /// 1 / common classes.
    public let chanceAmongCommonOutputs: Double?
    /// Why there is no accuracy.
    public let reason: String?
  }

  /// Accuracies along the training, with `evaluate-every` and `evaluate-at`.
  public struct CurvePoint: Codable, Sendable, Equatable {
    /// Steps of each task that were done.
    public let step: Int
    /// By task: average class accuracy of its own network on all test images.
    public let averageClassAccuracy: [String: Double]?
    /// Mean of `accuracy` over the directions.
    public let recombinationAccuracy: Double?
    /// Every extractor under every other task's head.
    public let recombinations: [Recombined]
    /// By task and kind, where nothing but self-supervised heads is trained.
    public var auxiliaryAccuracy: [String: [String: Double]]?
    /// With `keep: best`: the mean over the tasks of own accuracy on the held-out images.
    public var validationAccuracy: Double?
  }

  /// What it ran on, in words.
  public var device: String
  /// Of the training, earlier processes included; measuring along it is not counted.
  public var seconds: Double
  /// Training images ÷ `seconds`.
  public var imagesPerSecond: Double
  /// Seconds of `seconds` in which a minibatch of streamed images was not yet decoded.
  public var secondsWaitingForImages: Double?
  /// Damaged files in whose place others were taken.
  public var skippedImages: [String]?
  /// The recipe's.
  public var seed: UInt64
  /// Minibatches of each task.
  public var steps: Int
  /// Their names in recipes; none: independent networks.
  public var methods: [String]
  /// `joint` or `incremental`.
  public var scheme: String
  /// Classes that at least two tasks have, by their canonical names.
  public var commonClasses: [String]
  /// In the recipe's order.
  public var tasks: [Task]
  /// Every extractor under every other task's head, on test images.
  public var recombinations: [Recombined]
  /// Mean of `accuracy` over the directions.
  public var recombinationAccuracy: Double?
  /// That ÷ the mean of the same networks' own accuracy on the common classes.
  public var ratio: Double?
  /// The same on the held-out part of the training images, where the recipe holds some out: what
  /// choices are made by.
  public var validation: Validation?

  /// What was measured on the held-out part of the training images.
  public struct Validation: Codable, Sendable {
    /// Every extractor under every other task's head.
    public let recombinations: [Recombined]
    /// Mean of `accuracy` over the directions.
    public let recombinationAccuracy: Double?
    /// That ÷ the mean of the same networks' own accuracy on the common classes.
    public let ratio: Double?
  }

  /// In the order of steps; empty where nothing was measured along the training.
  public var curve: [CurvePoint]
  /// With `keep: best`: after how many steps the components' weights were kept.
  public var keptStep: Int?
}
