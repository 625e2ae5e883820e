import Analysis
import Datasets
import Evaluation
import Recipes
public import Reporting
import Runs
public import Tensors
import Training

/// What the finished runs say, beside the paper's numbers.
extension Grid {
  /// - Parameters:
  ///   - datasets: those of the grid's roles.
  ///   - commit: version and commit of the code.
  ///   - backend: where it computes.
  public func report(
    _ datasets: Datasets, commit: String, on backend: any Backend
  ) throws -> Report {
    let pair = sources.compactMap(\.name).joined(separator: " and ")
    return Report(
      title: isOwn
        ? "Dovetail: how compatible networks for \(pair) become"
        : "Dovetail: the paper's analysis, \(scale.rawValue) scale",
      environment: [
        Report.Fact("version", commit), Report.Fact("device", backend.deviceDescription),
        Report.Fact("time of all trainings", try trainingTime(datasets)),
      ],
      experiments: try experiments.map { try report($0, datasets, on: backend) },
      notice: scale == .smoke && changes.steps == nil
        ? "A smoke run: a few steps of each training show that everything runs, and no more. "
          + "Its accuracies mean nothing."
        : nil)
  }

  func report(
    _ experiment: Experiment, _ datasets: Datasets, on backend: any Backend
  ) throws -> Report.Experiment {
    // Of one's own data only what there is; else the paper's rows stand empty.
    let declared = experiment.rows.filter { !isOwn || $0.trainings.allSatisfy(hasData) }
    var rows = try declared.map { try row($0, datasets, on: backend) }
    let drawn = zip(declared, rows).filter { $0.isDrawn && $1.unit == .percent }.map(\.1)
    rows = experiment.grouped(rows) { $0.group }
    for each in experiment.differences {
      let row = try difference(each, datasets, on: backend)
      guard let last = rows.lastIndex(where: { $0.group == row.group }) else { continue }
      rows.insert(
        contentsOf: [row] + (try differencesOverImages(each, datasets, on: backend)), at: last + 1)
    }
    var figures: [Report.Figure] = []
    if !drawn.isEmpty && experiment.curves.isEmpty {
      figures.append(
        .bars(
          Report.Bars(
            title: "Accuracy", rows: drawn, chance: chance(experiment, datasets))
        ))
    }
    figures += try experiment.curves.compactMap { try curves($0, datasets) }
    if experiment.drawsCorrelations {
      figures += try correlationFigures(experiment, datasets, on: backend)
    } else {
      figures += try lossFigures(experiment, datasets)
    }
    return Report.Experiment(
      name: experiment.name, title: experiment.title,
      summary: isOwn ? naming(experiment.summary, datasets) : experiment.summary,
      deviations: isOwn ? [] : standIns(experiment, datasets) + experiment.deviations,
      facts: try facts(experiment, datasets),
      rows: rows, figures: figures,
      finding: scale == .smoke && changes.steps == nil ? nil : Self.finding(rows),
      terms: Self.terms(in: rows.flatMap { [$0.name, $0.group ?? ""] } + [experiment.summary]))
  }

  /// A stand-in never bears the original's name.
  func naming(_ text: String, _ datasets: Datasets) -> String {
    // The longer name first: one of them begins with another.
    sources.sorted { $0.role.title.count > $1.role.title.count }.reduce(text) { text, source in
      if let name = source.name {
        // Trainings have the short name in theirs.
        return text.replacing(source.role.title, with: name)
          .replacing("\(source.role.rawValue) ", with: "\(name) ")
      }
      guard let data = datasets[source], !source.isOriginal(data) else { return text }
      return text.replacing(source.role.title, with: data.name)
    }
  }

  // MARK: Rows

  func row(
    _ row: Experiment.Row, _ datasets: Datasets, on backend: any Backend
  ) throws -> Report.Row {
    let runs = try values(row, datasets, on: backend)
    let isAccuracy =
      switch row.metric {
      case .correlation, .linearCKA: false
      default: true
      }
    let missing = Set(row.trainings.flatMap(\.allRoles)).subtracting(sources.map(\.role))
    let lacking = missing.map(\.title).sorted().joined(separator: ", ")
    // What is said of the paper is not said of other data.
    let note = row.note.flatMap { isOwn && $0.contains("paper") ? nil : $0 }
    var result = Self.row(
      naming(row.name, datasets), group: row.group.map { naming($0, datasets) },
      unit: isAccuracy ? .percent : .ratio, paper: paper(row.paper),
      runs: runs, note: missing.isEmpty ? note : "not run: no data given for \(lacking)")
    result.chance = try chance(row, runs, datasets)
    result.ratio = try ratio(row, runs, datasets)
    result.rotationAccuracy = try rotationAccuracy(row, runs, datasets)
    return result
  }

  package static func row(
    _ name: String, group: String?, unit: Report.Unit, paper: Double?, runs: [Report.RunValue],
    note: String?
  ) -> Report.Row {
    let summary = SampleSummary(runs.compactMap(\.value))
    let bounds = unit == .percent ? 0.0...1 : -1.0...1
    func bounded(_ value: Double) -> Double {
      min(max(value, bounds.lowerBound), bounds.upperBound)
    }
    return Report.Row(
      name: name, group: group, unit: unit, paper: paper, mean: summary.mean,
      standardDeviation: summary.standardDeviation,
      interval: summary.spread.map {
        // Student's interval of a few runs knows nothing of the bounds of a share.
        Report.Interval(low: bounded($0.interval.low), high: bounded($0.interval.high))
      },
      intervalKind: summary.spread?.kind, n: summary.count, runs: runs, note: note)
  }

  /// By seed: the mean over the row's trainings; none where one of them has not finished.
  func values(
    _ row: Experiment.Row, _ datasets: Datasets, on backend: any Backend
  ) throws -> [Report.RunValue] {
    guard row.trainings.allSatisfy(hasData) else { return [] }
    if case .constant(let value) = row.metric { return [Report.RunValue(seed: 0, value: value)] }
    return try (0..<UInt64(seeds)).compactMap { seed in
      let jobs = try row.trainings.map { try job($0, seed: seed, datasets) }
      guard jobs.allSatisfy({ state($0) == .finished }) else { return nil }
      if case .crossings(let crossings) = row.metric {
        let values = try crossings.compactMap {
          try evaluate($0, seed: seed, datasets, on: backend)
        }
        guard values.count == crossings.count else { return nil }
        return runValue(seed, values, jobs)
      }
      let values = try jobs.compactMap { try value(row.metric, $0, datasets, on: backend) }
      guard values.count == jobs.count, !values.isEmpty else { return nil }
      return runValue(seed, values, jobs)
    }
  }

  func runValue(_ seed: UInt64, _ values: [Double], _ jobs: [Job]) -> Report.RunValue {
    let first = jobs[0].directory
    return Report.RunValue(
      seed: seed, value: values.reduce(0, +) / Double(values.count),
      directory: first.hasPrefix("\(output)/") ? String(first.dropFirst(output.count + 1)) : first)
  }

  func value(
    _ metric: Experiment.Metric, _ job: Job, _ datasets: Datasets, on backend: any Backend
  ) throws -> Double? {
    let results = try RunDirectory(job.directory).read().results
    func mean(_ values: [Double]) -> Double? { SampleSummary(values).mean }
    switch metric {
    case .recombination: return results.recombinationAccuracy
    case .recombinationOn(let role):
      let task = job.roles.firstIndex(of: role).map { job.recipe.tasks[$0].name }
      return mean(results.recombinations.filter { $0.testedOn == task }.compactMap(\.accuracy))
    case .constant(let value): return value
    case .crossings: return nil
    case .halfOwnTask(let task):
      return results.tasks.indices.contains(task)
        ? results.tasks[task].ownAccuracy.map { $0 / 2 } : nil
    case .ownTaskOnAllClasses: return mean(results.tasks.compactMap(\.ownAccuracy))
    case .curve(.end): return mean(results.tasks.compactMap(\.averageClassAccuracy))
    case .curve(let place):
      let epoch =
        (try job.trainImages(datasets, self) + job.recipe.batchSize - 1) / job.recipe.batchSize
      let step = place == .start ? 0 : min(epoch, job.recipe.steps)
      if step == job.recipe.steps { return mean(results.tasks.compactMap(\.averageClassAccuracy)) }
      return results.curve.first { $0.step == step }
        .flatMap { $0.averageClassAccuracy.flatMap { mean(Array($0.values)) } }
    case .ownTask: return mean(results.tasks.compactMap(\.ownAccuracyOnCommonClasses))
    case .correlation(let permuted):
      return mean(
        try features(job, datasets, on: backend).map {
          permuted ? $0.permutedMeanCorrelation : $0.meanCorrelation
        })
    case .linearCKA: return mean(try features(job, datasets, on: backend).map(\.linearCKA))
    case .mapped(let map): return try mapped(map, job, datasets, on: backend)
    }
  }
}
