import Applications
import Components
import Datasets
import Evaluation
import Files
import Foundation
import Networks
import Recipes
import Runs
import Tensors
import Training

/// What is measured on finished runs, beyond their own results: once, and kept beside them.
extension Grid {
  /// Correlations of the features of a finished run: measured once, kept in its directory.
  func features(_ job: Job, _ datasets: Datasets, on backend: any Backend) throws
    -> [FeatureComparison]
  {
    let path = "\(job.directory)/features.json"
    if let data = FileManager.default.contents(atPath: path),
      let known = try? JSONDecoder().decode([FeatureComparison].self, from: data)
    {
      return known
    }
    let measured = try Run.compareFeatures(RunDirectory(job.directory), on: backend) { _ in
      job.roles.map { datasets[source(of: $0)]! }
    }
    try AtomicFile.write(try CanonicalJSON.file(measured), to: path)
    return measured
  }

  /// What an extractor of one run reaches under a head of another.
  func evaluate(
    _ crossing: Experiment.Crossing, seed: UInt64, _ datasets: Datasets, on backend: any Backend
  ) throws -> Double? {
    try kept("crossings.json", crossing, seed, datasets) {
      try outcome(crossing, $0, $1, datasets, on: backend).map {
        crossing.measure == .accuracy ? $0.accuracy : $0.averageClassAccuracy
      }
    }
  }

  /// Which of the images it names rightly there.
  func right(
    _ crossing: Experiment.Crossing, seed: UInt64, _ datasets: Datasets, on backend: any Backend
  ) throws -> [Bool]? {
    try kept("crossings-by-image.json", crossing, seed, datasets) {
      try outcome(crossing, $0, $1, datasets, on: backend).map { outcome in
        String(outcome.right.map { $0 ? Character("1") : Character("0") })
      }
    }.map { text in text.map { $0 == "1" } }
  }

  /// Measured once, and kept beside the extractor's run.
  /// - Returns: nil where a run has not finished, or no image is of the classes.
  private func kept<Value: Codable>(
    _ file: String, _ crossing: Experiment.Crossing, _ seed: UInt64, _ datasets: Datasets,
    _ measure: (_ from: Job, _ to: Job) throws -> Value?
  ) throws -> Value? {
    let from = try job(crossing.extractor, seed: seed, datasets)
    let to = try job(crossing.head, seed: seed, datasets)
    guard state(from) == .finished, state(to) == .finished else { return nil }
    let words = [
      String(to.directory.split(separator: "/").last!), "\(crossing.extractorTask)",
      "\(crossing.headTask)", crossing.role.rawValue, crossing.policy.rawValue,
      crossing.batchSize.map(String.init) ?? "as trained", crossing.measure.rawValue,
      crossing.commonWith?.rawValue ?? "all classes",
      crossing.corruption?.description, crossing.adaptation.map(self.words),
    ]
    let key = words.compactMap(\.self).joined(separator: ", ")
    let path = "\(from.directory)/\(file)"
    var known =
      FileManager.default.contents(atPath: path).flatMap {
        try? JSONDecoder().decode([String: Value].self, from: $0)
      } ?? [:]
    if let value = known[key] { return value }
    guard let value = try measure(from, to) else { return nil }
    known[key] = value
    try AtomicFile.write(try CanonicalJSON.file(known), to: path)
    return value
  }

  private func outcome(
    _ crossing: Experiment.Crossing, _ from: Job, _ to: Job, _ datasets: Datasets,
    on backend: any Backend
  ) throws -> Evaluator.Outcome? {
    let extractor = try ComponentFile.loadExtractor(
      RunDirectory(from.directory).extractor(from.recipe.tasks[crossing.extractorTask].name),
      on: backend)
    let head = try ComponentFile.loadHead(
      RunDirectory(to.directory).head(to.recipe.tasks[crossing.headTask].name), on: backend)
    let network = try Recombination(extractor, head)
    let clean = datasets[source(of: crossing.role)]!
    let labeled = try crossing.corruption.map { try clean.corrupted(by: $0) } ?? clean
    let names = try labelNames(crossing.role, datasets)
    var classes = Set(head.classNames).intersection(names)
    if let other = crossing.commonWith { classes.formIntersection(try labelNames(other, datasets)) }
    let images = labeled.test
    let batchSize = crossing.batchSize ?? from.recipe.batchSize
    if crossing.adaptation == .tent {
      return try OnlineEntropy(
        batchSize: batchSize, learningRate: scale.adaptation(by: .tent).learningRate
      ).evaluate(
        network, on: images, labelNames: names, classes: classes.sorted(), backend: backend)
    }
    if crossing.adaptation == .adabn {
      try Recalibration.recalibrate(
        network, on: labeled.train, batchSize: batchSize, backend: backend)
    } else if crossing.policy == .recalibrated {
      let chosen = images.labels.indices.filter { classes.contains(names[Int(images.labels[$0])]) }
      try Recalibration.recalibrate(
        network, on: images.subset(chosen), batchSize: batchSize, backend: backend)
    }
    let statistics: BatchNormStatistics =
      crossing.adaptation == .blended
      ? .blended(sourceImages: AdaptationMethod.sourceImages) : crossing.policy.statistics
    return try Evaluator(batchSize: batchSize, statistics: statistics, on: backend)
      .evaluate(
        network, on: images, labelNames: names, classes: classes.sorted())
  }

  /// What a measurement by it depends on.
  private func words(_ method: AdaptationMethod) -> String {
    switch method {
    case .tent: "tent at \(scale.adaptation(by: .tent).learningRate)"
    case .blended: "blended with \(AdaptationMethod.sourceImages)"
    default: method.rawValue
    }
  }

  /// Canonical names of the classes of a role, by label.
  private func labelNames(_ role: DataRole, _ datasets: Datasets) throws -> [String] {
    try Recipe(tasks: [task(role, datasets)]).classMap([datasets[source(of: role)]!]).names[0]
  }

  /// Loss on the tasks' own labels along the training of a finished run, averaged over the tasks
  /// and over `parts` parts of the training.
  func lossCurve(_ job: Job, parts: Int = 50) -> [(step: Double, loss: Double)] {
    struct Line: Decodable {
      let step: Int?
      /// Of all tasks; all that lines of version 0.1 have.
      let minibatch: Int?
      let losses: [TaskLosses]?
    }
    guard let data = FileManager.default.contents(atPath: "\(job.directory)/metrics.jsonl") else {
      return []
    }
    var sums: [Int: (step: Double, loss: Double, count: Double)] = [:]
    let isJoint = job.recipe.scheme == .joint
    let total = job.recipe.steps * (isJoint ? 1 : job.recipe.tasks.count)
    for text in data.split(separator: UInt8(ascii: "\n")) {
      guard let line = try? JSONDecoder().decode(Line.self, from: text),
        let step = line.step ?? line.minibatch.map({ $0 / (isJoint ? job.recipe.tasks.count : 1) }),
        let losses = line.losses?.compactMap(\.target),
        !losses.isEmpty
      else { continue }
      let loss = Double(losses.reduce(0, +)) / Double(losses.count)
      let old = sums[step * parts / max(total, 1)] ?? (0, 0, 0)
      sums[step * parts / max(total, 1)] =
        (old.step + Double(step), old.loss + loss, old.count + 1)
    }
    return sums.sorted { $0.key < $1.key }.map {
      ($0.value.step / $0.value.count, $0.value.loss / $0.value.count)
    }
  }
}
