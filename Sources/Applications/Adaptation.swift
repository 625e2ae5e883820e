import Components
import Datasets
import Networks
import Recipes
import Runs

extension Application {
  /// What adaptation changed; accuracies where the data have labels and a head was given.
  public struct AdaptationResults: Codable, Sendable {
    public let data: String
    public let trainImages: Int
    /// As the components state their batch norm's running statistics, from the source's training.
    public let sourceRunning: Accuracy?
    /// With the statistics of the target's test batches.
    public let sourceBatch: Accuracy?
    public let adapted: Accuracy?
    public let seconds: Double
    /// Where the adapted extractor is.
    public let extractor: String
  }

  /// Unsupervised domain adaptation (Gygli et al. Sec. 5.1): trains the extractor with the rotation
  /// loss on the task's training images, through the frozen rotation head, whose every head then
  /// still fits. Labels serve the measurement alone.
  /// - Parameters: files of components.
  /// - Throws: `MisfitError` where the parts do not fit one another, `ApplicationError` where the
  ///   head knows no class of the data.
  public func adapt(
    extractor path: String, rotationHead: String, head headPath: String?
  ) throws -> AdaptationResults {
    let source = try ComponentFile.loadExtractor(path, on: backend)
    let rotation = try ComponentFile.loadAuxiliaryHead(rotationHead, on: backend)
    guard rotation.kind == .rotation else {
      throw ApplicationError(
        "\(rotationHead): expected a rotation head, got one of kind \(rotation.kind.rawValue)")
    }
    try require(source, fits: rotation.head)
    let head = try headPath.map { try ComponentFile.loadHead($0, on: backend) }
    if let head { try require(source, fits: head) }
    let dataset = try data(for: source)
    let isLabeled = dataset.test.count > 0
    if let head, isLabeled, Set(try names(dataset, for: head)).isDisjoint(with: head.classNames) {
      throw ApplicationError(
        "the head knows none of the data's classes: it knows "
          + "\(ApplicationError.list(head.classNames)), the data have "
          + "\(ApplicationError.list(try names(dataset))); name synonyms, or leave the head out")
    }
    func measured(_ extractor: FeatureExtractor, _ policy: BatchNormPolicy) throws -> Accuracy? {
      guard let head, isLabeled else { return nil }
      return try evaluate(extractor, head, dataset, policy: policy)
    }
    let before = (try measured(source, .running), try measured(source, .batch))
    var recipe = recipe(for: source)
    recipe.adapt(path, through: rotationHead, of: source.architecture)
    let results = try train(recipe, dataset)
    let adapted = directory.extractor(task.name)
    return AdaptationResults(
      data: dataset.name, trainImages: dataset.trainCount, sourceRunning: before.0,
      sourceBatch: before.1,
      adapted: try measured(try ComponentFile.loadExtractor(adapted, on: backend), .batch),
      seconds: results.seconds, extractor: adapted)
  }
}
