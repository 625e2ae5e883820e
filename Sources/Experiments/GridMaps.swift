import Analysis
import Applications
import Components
import Datasets
import Evaluation
import Files
import Foundation
import Recipes
import Runs
import Tensors
import Training

/// What a map between the features of a run's two networks reaches: measured once, kept in its
/// directory.
extension Grid {
  /// Accuracy of each extractor under the other's head behind such a map, on the test images of the
  /// common classes; mean of both directions. Maps are made on the training images of the
  /// extractor's task, at most `Self.mappedImages` of them; a stitch on those of the classes that
  /// the head knows.
  func mapped(
    _ map: Experiment.FeatureMap, _ job: Job, _ datasets: Datasets, on backend: any Backend
  ) throws -> Double? {
    let path = "\(job.directory)/maps.json"
    var known =
      FileManager.default.contents(atPath: path).flatMap {
        try? JSONDecoder().decode([String: Double].self, from: $0)
      } ?? [:]
    if let value = known["\(map)"] { return value }
    guard job.recipe.tasks.count == 2 else { return nil }
    let sets = job.roles.map { datasets[source(of: $0)]! }
    let directory = RunDirectory(job.directory)
    let names = try job.recipe.classMap(sets).names
    var values: [Double] = []
    if case .averaged(let permuted) = map {
      guard let found = try averaged(job, permuted, sets, names, on: backend) else { return nil }
      values = found
    }
    for (from, to) in (values.isEmpty ? [(0, 1), (1, 0)] : []) {
      let tasks = [from, to].map { job.recipe.tasks[$0].name }
      let extractor = try ComponentFile.read(directory.extractor(tasks[0]), as: .extractor)
      let head = try ComponentFile.read(directory.head(tasks[1]), as: .head)
      let value: Double?
      switch map {
      case .aligned(let method):
        let target = try ComponentFile.read(directory.extractor(tasks[1]), as: .extractor)
        let aligned = try Alignment(
          extractor, to: target, on: sets[from].train, named: sets[from].name,
          digest: sets[from].digest, method: method, limit: Self.mappedImages, backend: backend)
        let network = try Recombination(
          try aligned.component.makeExtractor(path: tasks[0], on: backend),
          try head.makeHead(path: tasks[1], on: backend))
        let common = Set(names[from]).intersection(names[to]).sorted()
        value = try Evaluator(batchSize: job.recipe.batchSize, on: backend)
          .evaluate(network, on: sets[from].test, labelNames: names[from], classes: common)?
          .accuracy
      case .stitched(let steps):
        var stitching = Stitching()
        // The smoke scale shows that it runs.
        stitching.steps = scale == .smoke ? min(steps, 10) : steps
        stitching.batchSize = job.recipe.batchSize
        stitching.seed = job.recipe.seed
        let synonyms = Dictionary(
          zip(sets[from].classNames, names[from]), uniquingKeysWith: { first, _ in first })
        value = try stitching.run(
          extractor, head, on: sets[from], synonyms: synonyms, backend: backend
        ).accuracy
      case .averaged: value = nil
      }
      guard let value else { return nil }
      values.append(value)
    }
    known["\(map)"] = values.reduce(0, +) / Double(values.count)
    try AtomicFile.write(try CanonicalJSON.file(known), to: path)
    return known["\(map)"]
  }

  /// Of the average of a run's two networks, the accuracy on each task's test images of the common
  /// classes, among all outputs of the task; statistics are those of the task's training images.
  private func averaged(
    _ job: Job, _ permuted: Bool, _ sets: [Dataset], _ names: [[String]], on backend: any Backend
  ) throws -> [Double]? {
    let directory = RunDirectory(job.directory)
    let parts = try job.recipe.tasks.map {
      (
        extractor: try ComponentFile.read(directory.extractor($0.name), as: .extractor),
        head: try ComponentFile.read(directory.head($0.name), as: .head)
      )
    }
    guard
      let average = try AveragedNetworks(
        parts, permutes: permuted, seed: job.recipe.seed, on: backend)
    else { return nil }
    let common = Set(names[0]).intersection(names[1]).sorted()
    let found = try sets.indices.compactMap { index -> Double? in
      let network = try average.network(as: index, on: backend)
      let train = sets[index].train
      var random = RandomStream(seed: 0, .evaluationOrder)
      let some = Array(random.permutation(train.count).prefix(Self.mappedImages))
      try Recalibration.recalibrate(
        network, on: train.subset(some), batchSize: job.recipe.batchSize, backend: backend)
      return try Evaluator(batchSize: job.recipe.batchSize, on: backend)
        .evaluate(
          network, on: sets[index].test, labelNames: names[index], classes: common)?
        .accuracy
    }
    return found.count == sets.count ? found : nil
  }

  private static let mappedImages = 10_000
}
