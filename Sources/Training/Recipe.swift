public import Datasets
public import Networks

/// The three ways to make networks compatible (Sec. 3 of the paper); any combination.
public enum CompatibilityMethod: String, Codable, Sendable, CaseIterable {
  /// IIW, Sec. 3.3.
  case identicalInitialWeights = "identical-initial-weights"
  /// RP, Sec. 3.1, Eq. 1.
  case rotationPrediction = "rotation-prediction"
  /// The same protocol with the order of an image's tiles in place of its rotation.
  case jigsaw
  /// DCC, Sec. 3.2, Eq. 2.
  case commonClasses = "common-classes"

  /// The paper's three.
  public static let paper: [CompatibilityMethod] = [
    .identicalInitialWeights, .rotationPrediction, .commonClasses,
  ]
}

/// How several networks are trained (Sec. 3.4).
public enum Scheme: String, Codable, Sendable, CaseIterable {
  /// Alternate: one minibatch of each task in turn, auxiliary heads updated by all.
  case joint
  /// One task after the other; the auxiliary heads are frozen after the first.
  case incremental
}

/// How the learning rate falls over the minibatches of all tasks, after a linear warm-up.
public enum Schedule: String, Codable, Sendable, CaseIterable {
  /// Half a cosine, to 0.
  case cosine
  /// He et al. 2016: ÷ 10 at one half and at three quarters.
  case steps
}

/// One task: a data set, and what its classes are called elsewhere.
public struct TaskRecipe: Codable, Sendable, Equatable {
  public var name: String
  public var dataset: DatasetKind
  /// Absolute or as found from the current folder; nil for made-up sets.
  public var path: String?
  /// Directory of a run whose components this task's network starts from; nil: fresh weights.
  public var initialWeights: String?
  /// This data set's name of a class to the common one.
  public var synonyms: [String: String]

  public init(
    name: String, dataset: DatasetKind, path: String? = nil, synonyms: [String: String] = [:]
  ) {
    self.name = name
    self.dataset = dataset
    self.path = path
    self.synonyms = synonyms
  }
}

/// Everything that a training depends on. Equal recipes on one device give equal bits.
public struct Recipe: Codable, Sendable, Equatable {
  public var tasks: [TaskRecipe]
  /// Height and width of the images, pixels.
  public var imageSize = 32
  public var architecture = Architecture(depth: 8, split: .stage2)
  public var methods: [CompatibilityMethod] = []
  /// A rotation head for each task, not shared: the paper's upper bound.
  public var ownRotationHead = false
  /// How many of the common classes the common-classes head sees, drawn from the seed; 0: all.
  public var commonClassesUsed = 0
  /// Directory of a run whose components all networks start from; nil: fresh weights.
  public var initialWeights: String?
  public var scheme = Scheme.joint
  /// Minibatches of each task.
  public var steps = 500
  public var batch = 128
  public var learningRate = 0.1
  public var momentum = 0.9
  public var weightDecay = 1e-4
  public var schedule = Schedule.cosine
  /// Fraction of the minibatches over which the learning rate rises linearly.
  public var warmup = 0.05
  /// Random crop (padded by an eighth of the size, 4 pixels at 32) and horizontal flip.
  public var augment = true
  public var seed: UInt64 = 0
  /// Fraction of each training set that is held out for choices.
  public var validation = 0.0
  /// Recombination is also measured every so many steps; 0: at the end alone.
  public var evaluateEvery = 0

  public init(tasks: [TaskRecipe]) { self.tasks = tasks }

  public func uses(_ method: CompatibilityMethod) -> Bool { methods.contains(method) }
}

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
    if tasks.isEmpty { throw RecipeError("tasks: at least one is needed") }
    for (index, task) in tasks.enumerated() {
      if tasks[..<index].contains(where: { $0.name == task.name }) {
        throw RecipeError("tasks: the name “\(task.name)” stands twice; names must differ")
      }
      if task.dataset.needsPath && task.path == nil {
        throw RecipeError(
          "task \(task.name): the dataset \(task.dataset.rawValue) needs a path")
      }
    }
    do { try architecture.validate() } catch {
      throw RecipeError("architecture: \(error.key): \(error)")
    }
    let divisor = max(4, architecture.cut.spatialDivisor)
    if imageSize % divisor != 0 {
      throw RecipeError("image-size: expected a multiple of \(divisor), got \(imageSize)")
    }
    if ownRotationHead && uses(.rotationPrediction) {
      throw RecipeError(
        "own-rotation-head gives each task its own head, rotation-prediction shares one: "
          + "choose one of them")
    }
    if commonClassesUsed == 1 || (commonClassesUsed > 0 && !uses(.commonClasses)) {
      throw RecipeError(
        "common-classes-used: expected 0 (all) or at least 2, with the method common-classes")
    }
    if initialWeights != nil && tasks.contains(where: { $0.initialWeights != nil }) {
      throw RecipeError("initial-weights: give it for the recipe or for its tasks, not both")
    }
    if uses(.commonClasses) && tasks.count < 2 {
      throw RecipeError("methods: common-classes needs at least two tasks")
    }
  }
}
