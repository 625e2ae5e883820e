import Components
import Datasets
import Evaluation

/// Components of one task, as trained or as loaded from files, with the data to measure them on.
struct EvaluatedTask {
  let name: String
  let extractor: FeatureExtractor
  let head: TaskHead
  let dataset: Dataset
  let heldOut: ImageSet
  /// Those that its features served while they were trained.
  let selfSupervisedHeads: [AuxiliaryHead]
}

enum TaskEvaluation {
  static func tasks(
    _ parts: [EvaluatedTask], _ classMap: ClassMap, _ evaluator: Evaluator
  ) throws -> [RunResults.Task] {
    try parts.enumerated().map { index, part in
      let own = try Recombination(part.extractor, part.head)
      let names = classMap.names[index]
      let all = try evaluator.evaluate(own, on: part.dataset.test, labelNames: names)
      return RunResults.Task(
        name: part.name, dataset: part.dataset.name, notes: part.dataset.notes,
        trainImages: part.dataset.trainCount - part.heldOut.count,
        testImages: part.dataset.test.count,
        ownAccuracy: all?.accuracy, topFiveAccuracy: all?.topFiveAccuracy,
        averageClassAccuracy: all?.averageClassAccuracy,
        classAccuracies: all?.classAccuracies,
        auxiliaryAccuracy: try auxiliaryAccuracies(part, evaluator),
        ownAccuracyOnCommonClasses: classMap.common.isEmpty
          ? nil
          : try evaluator.evaluate(
            own, on: part.dataset.test, labelNames: names, classes: classMap.common)?.accuracy,
        validationAccuracy: part.heldOut.count == 0
          ? nil
          : try evaluator.evaluate(own, on: part.heldOut, labelNames: names)?.accuracy,
        validationAccuracyOnCommonClasses: part.heldOut.count == 0 || classMap.common.isEmpty
          ? nil
          : try evaluator.evaluate(
            own, on: part.heldOut, labelNames: names, classes: classMap.common)?.accuracy,
        dataDigest: part.dataset.digest)
    }
  }

  /// Of a training that looked at no labels: how well the self-supervised heads do.
  static func selfSupervised(
    _ parts: [EvaluatedTask], _ evaluator: Evaluator
  ) throws -> [RunResults.Task] {
    try parts.map { part in
      RunResults.Task(
        name: part.name, dataset: part.dataset.name, notes: part.dataset.notes,
        trainImages: part.dataset.trainCount - part.heldOut.count,
        testImages: part.dataset.test.count, ownAccuracy: nil, topFiveAccuracy: nil,
        averageClassAccuracy: nil, classAccuracies: nil,
        auxiliaryAccuracy: try auxiliaryAccuracies(part, evaluator) ?? [:],
        ownAccuracyOnCommonClasses: nil, validationAccuracy: nil,
        validationAccuracyOnCommonClasses: nil, dataDigest: part.dataset.digest)
    }
  }

  private static func auxiliaryAccuracies(
    _ part: EvaluatedTask, _ evaluator: Evaluator
  ) throws -> [String: Double]? {
    guard part.dataset.test.count > 0, !part.selfSupervisedHeads.isEmpty else { return nil }
    var accuracies: [String: Double] = [:]
    for head in part.selfSupervisedHeads {
      accuracies[head.kind.rawValue] = try evaluator.accuracy(
        of: head, on: part.extractor, part.dataset.test)
    }
    return accuracies
  }

  /// What is measured along a training.
  static func point(
    _ step: Int, _ parts: [EvaluatedTask], _ classMap: ClassMap, _ evaluator: Evaluator
  ) throws -> RunResults.CurvePoint {
    let found = try recombinations(parts, classMap, evaluator)
    return RunResults.CurvePoint(
      step: step, averageClassAccuracy: try averageClassAccuracies(parts, classMap, evaluator),
      recombinationAccuracy: mean(found), recombinations: found)
  }

  /// What the best weights are chosen by: the mean over the tasks of own accuracy on the held-out
  /// images.
  static func validationAccuracy(
    _ parts: [EvaluatedTask], _ classMap: ClassMap, _ evaluator: Evaluator
  ) throws -> Double {
    var sum = 0.0
    for (index, part) in parts.enumerated() {
      sum +=
        try evaluator.evaluate(
          try Recombination(part.extractor, part.head), on: part.heldOut,
          labelNames: classMap.names[index])?.accuracy ?? 0
    }
    return sum / Double(parts.count)
  }

  /// The same where labels are not looked at.
  static func selfSupervisedPoint(
    _ step: Int, _ parts: [EvaluatedTask], _ evaluator: Evaluator
  ) throws -> RunResults.CurvePoint {
    var accuracies: [String: [String: Double]] = [:]
    for part in parts { accuracies[part.name] = try auxiliaryAccuracies(part, evaluator) }
    return RunResults.CurvePoint(
      step: step, averageClassAccuracy: nil, recombinationAccuracy: nil, recombinations: [],
      auxiliaryAccuracy: accuracies)
  }

  /// Average class accuracy of every task's own network, by name.
  static func averageClassAccuracies(
    _ parts: [EvaluatedTask], _ classMap: ClassMap, _ evaluator: Evaluator
  ) throws -> [String: Double] {
    var all: [String: Double] = [:]
    for (index, part) in parts.enumerated() {
      all[part.name] = try evaluator.evaluate(
        try Recombination(part.extractor, part.head), on: part.dataset.test,
        labelNames: classMap.names[index])?.averageClassAccuracy
    }
    return all
  }

  /// Every extractor a under every other head b, on a's test images of the classes that a and b
  /// have in common.
  /// - Parameter heldOut: on a's held-out training images instead.
  static func recombinations(
    _ parts: [EvaluatedTask], _ classMap: ClassMap, _ evaluator: Evaluator, heldOut: Bool = false
  ) throws -> [RunResults.Recombined] {
    var results: [RunResults.Recombined] = []
    for (a, from) in parts.enumerated() {
      for (b, to) in parts.enumerated() where a != b {
        let common = classMap.common(a, b)
        let outcome = try evaluator.evaluate(
          try Recombination(from.extractor, to.head),
          on: heldOut ? from.heldOut : from.dataset.test, labelNames: classMap.names[a],
          classes: common)
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

  /// Own accuracies, recombinations and their ratio.
  static func all(
    _ parts: [EvaluatedTask], _ classMap: ClassMap, _ evaluator: Evaluator,
    into results: inout RunResults
  ) throws {
    results.tasks = try tasks(parts, classMap, evaluator)
    results.recombinations = try recombinations(parts, classMap, evaluator)
    results.recombinationAccuracy = mean(results.recombinations)
    results.ratio = ratio(
      results.recombinations, own: results.tasks.map { ($0.name, $0.ownAccuracyOnCommonClasses) })
    guard parts.contains(where: { $0.heldOut.count > 0 }) else { return }
    let found = try recombinations(parts, classMap, evaluator, heldOut: true)
    results.validation = RunResults.Validation(
      recombinations: found, recombinationAccuracy: mean(found),
      ratio: ratio(
        found, own: results.tasks.map { ($0.name, $0.validationAccuracyOnCommonClasses) }))
  }

  /// Recombined accuracy ÷ mean own accuracy on the common classes, of the tasks that take part.
  static func ratio(
    _ recombinations: [RunResults.Recombined], own: [(task: String, accuracy: Double?)]
  ) -> Double? {
    let tasks = Set(recombinations.filter { $0.accuracy != nil }.map(\.testedOn))
    let accuracies = own.filter { tasks.contains($0.task) }.compactMap(\.accuracy)
    let mean = accuracies.reduce(0, +) / Double(max(accuracies.count, 1))
    guard mean > 0 else { return nil }
    return self.mean(recombinations).map { $0 / mean }
  }

  static func mean(_ recombinations: [RunResults.Recombined]) -> Double? {
    let values = recombinations.compactMap(\.accuracy)
    return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }
}
