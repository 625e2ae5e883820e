import Components
import Datasets

/// What a run measured; the JSON of `train` and `evaluate`. Accuracies are in [0, 1].
public struct RunResults: Codable, Sendable {
  public struct Task: Codable, Sendable {
    public let name: String
    /// What it is: "CIFAR-10", "folder tin10".
    public let dataset: String
    public let notes: [String]
    public let trainImages: Int
    public let testImages: Int
    /// On all test images of the task.
    public let ownAccuracy: Double
    /// On the test images of classes that at least two tasks have: the upper bound of recombination.
    public let ownAccuracyOnCommonClasses: Double?
    /// On the held-out part of the training images, where the recipe holds some out.
    public let validationAccuracy: Double?
    public let dataDigest: String
  }

  public struct Recombined: Codable, Sendable {
    public let extractor: String
    public let head: String
    /// The task whose test images of the common classes were measured: the extractor's.
    public let testedOn: String
    public let images: Int
    public let accuracy: Double?
    public let accuracyAmongCommonOutputs: Double?
    /// 1 / outputs of the head.
    public let chance: Double
    /// 1 / common classes.
    public let chanceAmongCommonOutputs: Double?
    /// Why there is no accuracy.
    public let reason: String?
  }

  /// Recombination accuracy along the training, with `evaluate-every`.
  public struct CurvePoint: Codable, Sendable {
    public let step: Int
    public let recombinationAccuracy: Double?
    public let recombinations: [Recombined]
  }

  public var device: String
  public var seconds: Double
  public var imagesPerSecond: Double
  public var seed: UInt64
  public var steps: Int
  public var methods: [String]
  public var scheme: String
  public var commonClasses: [String]
  public var tasks: [Task]
  public var recombinations: [Recombined]
  /// Mean of `accuracy` over the directions.
  public var recombinationAccuracy: Double?
  public var curve: [CurvePoint]
}

/// Components of one task, as trained or as loaded from files, with the data to measure them on.
struct Measurable {
  let name: String
  let extractor: FeatureExtractor
  let head: TaskHead
  let dataset: Dataset
  let heldOut: ImageSet
}

enum Measurement {
  static func tasks(
    _ parts: [Measurable], _ classMap: ClassMap, _ evaluator: Evaluator
  ) throws -> [RunResults.Task] {
    try parts.enumerated().map { index, part in
      let own = try Recombination(part.extractor, part.head)
      let names = classMap.names[index]
      return RunResults.Task(
        name: part.name, dataset: part.dataset.name, notes: part.dataset.notes,
        trainImages: part.dataset.train.count - part.heldOut.count,
        testImages: part.dataset.test.count,
        ownAccuracy: try evaluator.measure(
          own, on: part.dataset.test, labelNames: names)!.accuracy,
        ownAccuracyOnCommonClasses: classMap.common.isEmpty
          ? nil
          : try evaluator.measure(
            own, on: part.dataset.test, labelNames: names, classes: classMap.common)?.accuracy,
        validationAccuracy: part.heldOut.count == 0
          ? nil
          : try evaluator.measure(own, on: part.heldOut, labelNames: names)?.accuracy,
        dataDigest: part.dataset.digest)
    }
  }

  /// Every extractor a under every other head b, on a's test images of the classes that a and b
  /// have in common.
  static func recombinations(
    _ parts: [Measurable], _ classMap: ClassMap, _ evaluator: Evaluator
  ) throws -> [RunResults.Recombined] {
    var results: [RunResults.Recombined] = []
    for (a, from) in parts.enumerated() {
      for (b, to) in parts.enumerated() where a != b {
        let common = classMap.common(a, b)
        let outcome = try evaluator.measure(
          try Recombination(from.extractor, to.head), on: from.dataset.test,
          labelNames: classMap.names[a], classes: common)
        results.append(
          RunResults.Recombined(
            extractor: from.name, head: to.name, testedOn: from.name,
            images: outcome?.images ?? 0, accuracy: outcome?.accuracy,
            accuracyAmongCommonOutputs: outcome?.accuracyAmongCommonOutputs,
            chance: 1 / Double(to.head.classNames.count),
            chanceAmongCommonOutputs: common.isEmpty ? nil : 1 / Double(common.count),
            reason: outcome == nil
              ? "the tasks \(from.name) and \(to.name) have no class in common" : nil))
      }
    }
    return results
  }

  static func mean(_ recombinations: [RunResults.Recombined]) -> Double? {
    let values = recombinations.compactMap(\.accuracy)
    return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }
}
