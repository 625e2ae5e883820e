public import Components
import Datasets
import Evaluation
public import Files
import Networks
public import Recipes
public import Runs
public import Tensors
public import Training

/// What the applications of Sec. 5 have in common: components from files, images of a task, and a
/// training that a recipe tells, in a run directory of its own.
public struct Application {
  public let task: TaskRecipe
  /// Minibatches.
  public var steps: Int
  public var batchSize: Int
  public var learningRate: Double
  public var seed: UInt64
  /// Goes on where feature spaces differ; what crosses the cut has to agree all the same.
  public var allowDifferentSpace: Bool
  public let directory: RunDirectory
  public let backend: any Backend
  let clock: any Clock<Duration>
  /// Now, in seconds since 1970.
  let startTime: Double?
  let control: RunControl
  let progress: (TrainingProgress) -> Void

  public init(
    task: TaskRecipe, steps: Int, batchSize: Int, learningRate: Double, seed: UInt64,
    allowDifferentSpace: Bool, directory: RunDirectory, on backend: any Backend,
    clock: any Clock<Duration> = ContinuousClock(), startTime: Double?,
    control: RunControl = RunControl(),
    progress: @escaping (TrainingProgress) -> Void
  ) {
    (self.task, self.steps, self.batchSize) = (task, steps, batchSize)
    (self.learningRate, self.seed) = (learningRate, seed)
    (self.allowDifferentSpace, self.directory, self.backend) = (
      allowDifferentSpace, directory, backend
    )
    (self.clock, self.startTime, self.control) = (clock, startTime, control)
    self.progress = progress
  }

  // MARK: Parts

  /// The recipe that all start from, for the extractor's image size.
  func recipe(for extractor: FeatureExtractor) -> Recipe {
    var recipe = Recipe(tasks: [task])
    recipe.imageSize = extractor.preprocessing.imageSize
    recipe.framing = extractor.preprocessing.framing
    recipe.steps = steps
    recipe.batchSize = batchSize
    recipe.seed = seed
    return recipe
  }

  /// Learning rate and what came from the application; to be called last.
  func train(_ recipe: Recipe, _ dataset: Dataset) throws -> RunResults {
    var recipe = recipe
    recipe.learningRate = learningRate
    try recipe.validate()
    try directory.check(
      for: recipe, resumes: control.resumes, overwrites: control.overwrites)
    if control.resumes, directory.isFinished {
      directory.clearAway()
      return try directory.read().results
    }
    return try Run.train(
      recipe, datasets: [dataset], directory: directory, on: backend, clock: clock,
      startTime: startTime, control: control, progress: progress)
  }

  /// Of a task whose images these are.
  func data(for extractor: FeatureExtractor) throws -> Dataset {
    try task.choosingClasses(
      of: Dataset.load(
        task.dataset, path: task.path, for: extractor.preprocessing, test: task.test))
  }

  /// Canonical class names, by label; spelled as the head spells them.
  func names(_ dataset: Dataset, for head: TaskHead? = nil) throws -> [String] {
    let names = try Recipe(tasks: [task]).classMap([dataset]).names[0]
    return head.map { ClassMap.spelled(names, as: $0.classNames) } ?? names
  }

  func require(_ extractor: FeatureExtractor, fits head: TaskHead) throws {
    try Fit(
      extractor: extractor.interface, in: extractor.stamp.featureSpace, head: head.interface,
      in: head.stamp.featureSpace
    ).require(allowDifferentSpace: allowDifferentSpace)
  }

  // MARK: Measuring

  /// On the test images of the classes that the head knows.
  public struct Accuracy: Codable, Sendable, Equatable {
    public let images: Int
    public let classes: Int
    public let accuracy: Double
    /// Mean over the classes.
    public let averageClassAccuracy: Double
    public let batchNorm: BatchNormPolicy
  }

  /// - Returns: nil where there are no test images of the head's classes.
  func evaluate(
    _ extractor: FeatureExtractor, _ head: TaskHead, _ dataset: Dataset,
    policy: BatchNormPolicy? = nil
  ) throws -> Accuracy? {
    let names = try names(dataset, for: head)
    let classes = Set(names).intersection(head.classNames)
    let network = try Recombination(extractor, head)
    let outcome = try Evaluator(batchSize: batchSize, policy: policy, on: backend).evaluate(
      network, on: dataset.test, labelNames: names, classes: classes.sorted())
    return outcome.map {
      Accuracy(
        images: $0.images, classes: classes.count, accuracy: $0.accuracy,
        averageClassAccuracy: $0.averageClassAccuracy, batchNorm: policy ?? network.batchNorm)
    }
  }
}

/// Data and components that an application cannot bring together.
public struct ApplicationError: AdvisedError, Sendable {
  public let problem: String
  public let advice: ErrorAdvice?

  init(_ problem: String, advice: ErrorAdvice? = nil) {
    self.problem = problem
    self.advice = advice
  }

  public var description: String { problem + (advice.map { "; \($0)" } ?? "") }

  /// For messages: no more than a dozen.
  static func list(_ names: [String]) -> String {
    names.prefix(12).joined(separator: ", ") + (names.count > 12 ? ", …" : "")
  }
}

extension ErrorAdvice {
  public static let synonymsOrGrownHead: ErrorAdvice = "name synonyms, or grow the head"
}
