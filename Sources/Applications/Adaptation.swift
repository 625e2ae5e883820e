import Components
import Datasets
import Evaluation
import Networks
import Recipes
import Runs
import Tensors
public import Training

extension Application {
  /// What adaptation changed; accuracies where the data have labels and a head was given.
  public struct AdaptationResults: Codable, Sendable {
    public let method: AdaptationMethod
    public let data: String
    public let trainImages: Int
    /// As the components state their batch norm's running statistics, from the source's training.
    public let sourceRunning: Accuracy?
    /// With the statistics of the target's test batches.
    public let sourceBatch: Accuracy?
    /// By what the adapted components say: the test batches' statistics, or those that were taken
    /// again.
    public let adapted: Accuracy?
    public let seconds: Double
    /// Where the adapted extractor is.
    public let extractor: String
    /// Where the head is that goes with it, if the method changes it.
    public let head: String?
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
    if let head { try requireCommonClass(dataset, head) }
    let before = try accuraciesBefore(source, head, dataset)
    var recipe = recipe(for: source)
    recipe.adapt(path, through: rotationHead, of: source.architecture)
    let results = try train(recipe, dataset)
    let adapted = directory.extractor(task.name)
    return AdaptationResults(
      method: .rotation, data: dataset.name, trainImages: dataset.trainCount,
      sourceRunning: before.running, sourceBatch: before.batch,
      adapted: try measured(
        try ComponentFile.loadExtractor(adapted, on: backend), head, dataset, .batch),
      seconds: results.seconds, extractor: adapted, head: nil)
  }

  /// Adaptation by what the network itself says of the task's training images, whose labels are not
  /// looked at: by its predictions (TENT, SHOT), or by the statistics of its batch norms (AdaBN,
  /// blended). TENT and the statistics change the head's batch norms, too.
  /// - Parameters:
  ///   - path: the extractor's file.
  ///   - headPath: the head's.
  ///   - method: any but rotation, which needs a rotation head.
  /// - Throws: as above.
  public func adapt(
    extractor path: String, under headPath: String, by method: AdaptationMethod
  ) throws -> AdaptationResults {
    precondition(method != .rotation, "adaptation by rotation needs a rotation head")
    if method.objective == nil { try directory.checkForComponents() }
    let source = try ComponentFile.loadExtractor(path, on: backend)
    let head = try ComponentFile.loadHead(headPath, on: backend)
    try require(source, fits: head)
    let dataset = try data(for: source)
    try requireCommonClass(dataset, head)
    let before = try accuraciesBefore(source, head, dataset)
    let stopwatch = Stopwatch(clock)
    let changesHead = method != .shot
    if let objective = method.objective {
      var recipe = recipe(for: source)
      recipe.adapt(
        (path, source.architecture), under: (headPath, head.architecture), by: objective)
      _ = try train(recipe, dataset)
    } else {
      try takeStatistics(try Recombination(source, head), dataset, method)
    }
    let (adapted, adaptedHead) = (
      directory.extractor(task.name), changesHead ? directory.head(task.name) : headPath
    )
    return AdaptationResults(
      method: method, data: dataset.name, trainImages: dataset.trainCount,
      sourceRunning: before.running, sourceBatch: before.batch,
      adapted: try measured(
        try ComponentFile.loadExtractor(adapted, on: backend),
        try ComponentFile.loadHead(adaptedHead, on: backend), dataset,
        method.objective == nil ? .recalibrated : .batch),
      seconds: stopwatch.seconds, extractor: adapted, head: changesHead ? adaptedHead : nil)
  }

  /// AdaBN and blended statistics, and the components that have them.
  private func takeStatistics(
    _ network: Recombination, _ dataset: Dataset, _ method: AdaptationMethod
  ) throws {
    guard dataset.stream == nil else {
      throw ApplicationError("\(dataset.name) is streamed; hold the images in memory")
    }
    let parents = try [
      Lineage.Relative(
        role: "extractor", name: network.extractor.stamp.lineage?.task,
        digest: Component(network.extractor, on: backend).header.digest),
      Lineage.Relative(
        role: "head", name: network.head.stamp.lineage?.task,
        digest: Component(network.head, on: backend).header.digest),
    ]
    if method == .adabn {
      try Recalibration.recalibrate(
        network, on: dataset.train, batchSize: batchSize, backend: backend)
    } else {
      var random = RandomStream(seed: seed, .evaluationOrder)
      let few = Array(random.permutation(dataset.train.count).prefix(batchSize))
      try Recalibration.blend(
        network, on: dataset.train.subset(few), sourceImages: AdaptationMethod.sourceImages,
        backend: backend)
    }
    var lineage = Lineage(origin: .adaptation)
    lineage.adaptation = method.rawValue
    lineage.task = task.name
    lineage.parents = parents
    lineage.data = [.init(name: dataset.name, digest: dataset.digest)]
    if method == .blended { lineage.seed = seed }
    lineage.batchSize = batchSize
    lineage.device = backend.kind
    lineage.precision = backend.statedPrecision
    network.extractor.stamp.lineage = lineage
    network.head.stamp.lineage = lineage
    try directory.writeComponents(network, of: task.name, on: backend)
  }

  // MARK: Measuring

  private func requireCommonClass(_ dataset: Dataset, _ head: TaskHead) throws {
    guard dataset.test.count > 0 else { return }
    if Set(try names(dataset, for: head)).isDisjoint(with: head.classNames) {
      throw ApplicationError(
        "the head knows none of the data's classes: it knows "
          + "\(ApplicationError.list(head.classNames)), the data have "
          + "\(ApplicationError.list(try names(dataset))); name synonyms, or leave the head out")
    }
  }

  private func accuraciesBefore(
    _ source: FeatureExtractor, _ head: TaskHead?, _ dataset: Dataset
  ) throws -> (running: Accuracy?, batch: Accuracy?) {
    (
      try measured(source, head, dataset, .running), try measured(source, head, dataset, .batch)
    )
  }

  private func measured(
    _ extractor: FeatureExtractor, _ head: TaskHead?, _ dataset: Dataset, _ policy: BatchNormPolicy
  ) throws -> Accuracy? {
    guard let head, dataset.test.count > 0 else { return nil }
    return try evaluate(extractor, head, dataset, policy: policy)
  }
}
