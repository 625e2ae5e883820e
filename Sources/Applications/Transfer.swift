import Components
import Datasets
import Files
import Networks
import Recipes
import Runs
import Training

extension Application {
  /// What came of a transfer: accuracy directly and along fine-tuning, and where the parts are.
  public struct TransferResults: Codable, Sendable {
    /// The accuracy after some steps.
    public struct Point: Codable, Sendable {
      /// Minibatches that were trained on; 0 before the first.
      public let step: Int
      /// The mean over the classes of the accuracy on each one's test images, in [0, 1].
      public let averageClassAccuracy: Double
    }

    /// The data set, as printed: "folder tin10".
    public let data: String
    /// Minibatches an epoch.
    public let epoch: Int
    /// On the test images, from before the first step to the end.
    public let curve: [Point]
    /// Of the training.
    public let seconds: Double
    /// File of the fine-tuned extractor.
    public let extractor: String
    /// File of its head.
    public let head: String
  }

  /// Transfer (Gygli et al. Sec. 5.3): a source's extractor under a target's head, measured
  /// directly and along fine-tuning of the whole network on the task's training images.
  /// - Parameters:
  ///   - path: file of the source's extractor.
  ///   - headPath: file of the target's head; nil for a fresh one, of the extractor's architecture.
  ///   - rotationHead: stays frozen and is trained through too, so that the fine-tuned extractor
  ///     keeps its feature space.
  ///   - epochs: in place of `steps`.
  /// - Throws: `MisfitError`; `ApplicationError` where the head's classes are not the data's.
  public func transfer(
    extractor path: String, head headPath: String?, rotationHead: String?, epochs: Int?
  ) throws -> TransferResults {
    let source = try ComponentFile.loadExtractor(path, on: backend)
    let head = try headPath.map { try ComponentFile.loadHead($0, on: backend) }
    if let head { try require(source, fits: head) }
    let dataset = try data(for: source)
    let names = try names(dataset, for: head)
    if let head { try requireSameClasses(head.classNames, names) }
    var recipe = recipe(for: source)
    recipe.architecture = head?.architecture ?? source.architecture
    recipe.transfer(path, under: headPath, of: source.architecture)
    if let rotationHead {
      try require(
        source, fits: try ComponentFile.loadAuxiliaryHead(rotationHead, on: backend).head)
      recipe.methods = [.rotationPrediction]
      recipe.auxiliaryHeads = [rotationHead]
      recipe.frozen = [.auxiliaryHeads]
    }
    let epoch = (dataset.trainCount + batchSize - 1) / batchSize
    if let epochs { recipe.steps = epoch * epochs }
    recipe.evaluateAt = Recipe.logarithmicSteps(to: recipe.steps, with: [epoch])
    let results = try train(recipe, dataset)
    let along = results.curve.compactMap { point in
      point.averageClassAccuracy?[task.name].map {
        TransferResults.Point(step: point.step, averageClassAccuracy: $0)
      }
    }
    let last = results.tasks[0].averageClassAccuracy.map {
      TransferResults.Point(step: results.steps, averageClassAccuracy: $0)
    }
    return TransferResults(
      data: dataset.name, epoch: epoch, curve: along + [last].compactMap { $0 },
      seconds: results.seconds, extractor: directory.extractor(task.name),
      head: directory.head(task.name))
  }

  private func requireSameClasses(_ known: [String], _ names: [String]) throws {
    let missing = names.filter { !known.contains($0) }
    let strange = known.filter { !names.contains($0) }
    guard !missing.isEmpty || !strange.isEmpty else { return }
    var problems: [String] = []
    if !missing.isEmpty {
      problems.append(
        "the data have \(missing.count) that the head does not know "
          + "(\(ApplicationError.list(missing)))")
    }
    if !strange.isEmpty {
      problems.append(
        "the head knows \(strange.count) that the data do not have "
          + "(\(ApplicationError.list(strange)))")
    }
    throw ApplicationError(
      "the head's classes are not the data's: \(problems.joined(separator: "; "))",
      advice: .synonymsOrGrownHead)
  }
}
