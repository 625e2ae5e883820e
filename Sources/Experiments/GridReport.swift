import Analysis
import Datasets
public import Reporting
public import Tensors
import Training

/// What the finished runs say, beside the paper's numbers.
extension Grid {
  /// - Parameter commit: of the code, or its version.
  public func report(
    _ datasets: Datasets, commit: String, on backend: any Backend
  ) throws -> Report {
    Report(
      title: "Dovetail: the paper's analysis, \(scale.rawValue) scale",
      environment: [
        Report.Fact("version", commit), Report.Fact("device", backend.deviceDescription),
      ],
      experiments: try experiments.map { try report($0, datasets, on: backend) })
  }

  private func report(
    _ experiment: Experiment, _ datasets: Datasets, on backend: any Backend
  ) throws -> Report.Experiment {
    var rows = try experiment.rows.map { try row($0, datasets, on: backend) }
    let recombination = rows.filter { $0.unit == .percent && $0.group == nil }
    rows = experiment.grouped(rows) { $0.group }
    if let difference = try difference(experiment, datasets, on: backend),
      let last = rows.lastIndex(where: { $0.group == difference.group })
    {
      rows.insert(difference, at: last + 1)
    }
    var figures: [Report.Figure] = []
    if !recombination.isEmpty {
      figures.append(
        .bars(
          Report.Bars(
            title: "Recombination accuracy", rows: recombination, chance: chance(datasets))
        ))
    }
    if experiment.drawsCorrelations {
      figures += try correlationFigures(experiment, datasets, on: backend)
    }
    return Report.Experiment(
      name: experiment.name, title: experiment.title, summary: experiment.summary,
      deviations: standIns(experiment, datasets) + experiment.deviations,
      facts: facts(experiment, datasets),
      rows: rows, figures: figures)
  }

  // MARK: Rows

  private func row(
    _ row: Experiment.Row, _ datasets: Datasets, on backend: any Backend
  ) throws -> Report.Row {
    let runs = try values(row, datasets, on: backend)
    let isAccuracy =
      switch row.metric {
      case .correlation, .linearCKA: false
      default: true
      }
    return Self.row(
      row.name, group: row.group, unit: isAccuracy ? .percent : .ratio, paper: row.paper,
      runs: runs, note: row.note)
  }

  private static func row(
    _ name: String, group: String?, unit: Report.Unit, paper: Double?, runs: [Report.RunValue],
    note: String?
  ) -> Report.Row {
    let summary = SampleSummary(runs.compactMap(\.value))
    return Report.Row(
      name: name, group: group, unit: unit, paper: paper, mean: summary.mean,
      standardDeviation: summary.standardDeviation,
      interval: summary.spread.map {
        Report.Interval(low: $0.interval.low, high: $0.interval.high)
      },
      intervalKind: summary.spread?.kind, n: summary.count, runs: runs, note: note)
  }

  /// By seed: the mean over the row's trainings; none where one of them has not finished.
  private func values(
    _ row: Experiment.Row, _ datasets: Datasets, on backend: any Backend
  ) throws -> [Report.RunValue] {
    try (0..<UInt64(seeds)).compactMap { seed in
      let jobs = try row.trainings.map { try job($0, seed: seed, datasets) }
      guard jobs.allSatisfy({ state($0) == .finished }) else { return nil }
      let values = try jobs.compactMap { try value(row.metric, $0, datasets, on: backend) }
      guard values.count == jobs.count, !values.isEmpty else { return nil }
      let first = jobs[0].directory
      return Report.RunValue(
        seed: seed, value: values.reduce(0, +) / Double(values.count),
        directory: first.hasPrefix("\(output)/") ? String(first.dropFirst(output.count + 1)) : first
      )
    }
  }

  private func value(
    _ metric: Experiment.Metric, _ job: Job, _ datasets: Datasets, on backend: any Backend
  ) throws -> Double? {
    let results = try RunDirectory(job.directory).read().results
    func mean(_ values: [Double]) -> Double? { SampleSummary(values).mean }
    switch metric {
    case .recombination: return results.recombinationAccuracy
    case .recombinationOn(let role):
      let task = job.roles.firstIndex(of: role).map { job.recipe.tasks[$0].name }
      return mean(results.recombinations.filter { $0.testedOn == task }.compactMap(\.accuracy))
    case .ownTask: return mean(results.tasks.compactMap(\.ownAccuracyOnCommonClasses))
    case .correlation(let permuted):
      return mean(
        try features(job, datasets, on: backend).map {
          permuted ? $0.permutedMeanCorrelation : $0.meanCorrelation
        })
    case .linearCKA: return mean(try features(job, datasets, on: backend).map(\.linearCKA))
    }
  }

  /// Own-task accuracy of all three methods beside the upper bound's, seed by seed.
  private func difference(
    _ experiment: Experiment, _ datasets: Datasets, on backend: any Backend
  ) throws -> Report.Row? {
    let own = experiment.rows.filter { $0.metric == .ownTask }
    guard let bound = own.first(where: { $0.name.hasPrefix("upper bound") }),
      let all = own.first(where: { $0.name == "IIW+RP+DCC" })
    else { return nil }
    let bounds = try values(bound, datasets, on: backend)
    let runs = try values(all, datasets, on: backend).compactMap { run -> Report.RunValue? in
      guard let value = run.value,
        let other = bounds.first(where: { $0.seed == run.seed })?.value
      else { return nil }
      return Report.RunValue(seed: run.seed, value: value - other)
    }
    return Self.row(
      "IIW+RP+DCC − upper bound, by seed", group: bound.group, unit: .points, paper: 0.007,
      runs: runs, note: "paired differences")
  }

  // MARK: Figures

  private func correlationFigures(
    _ experiment: Experiment, _ datasets: Datasets, on backend: any Backend
  ) throws -> [Report.Figure] {
    var blocks: [Report.CorrelationBlocks.Block] = []
    var points: [Report.Scatter.Point] = []
    for row in experiment.rows {
      guard case .correlation(let permuted) = row.metric else { continue }
      let job = try job(row.trainings[0], seed: 0, datasets)
      guard state(job) == .finished, let first = try features(job, datasets, on: backend).first
      else { continue }
      blocks.append(
        .init(
          method: row.name,
          correlations: permuted ? first.permutedCorrelations : first.correlations,
          paper: row.paper))
      points.append(
        .init(
          label: row.name, x: try value(row.metric, job, datasets, on: backend),
          y: try value(.recombination, job, datasets, on: backend)))
    }
    return [
      .correlations(.init(title: "Correlation by channel, seed 0", blocks: blocks)),
      .scatter(
        .init(
          title: "Correlation and compatibility, seed 0", xLabel: "mean correlation",
          yLabel: "recombination accuracy", xUnit: .ratio, yUnit: .percent, points: points)),
    ]
  }

  // MARK: Facts

  private func chance(_ datasets: Datasets) -> Double? {
    let outputs = Set(sources.compactMap { datasets[$0]?.classNames.count })
    return outputs.count == 1 ? outputs.first.map { 1 / Double($0) } : nil
  }

  private func standIns(_ experiment: Experiment, _ datasets: Datasets) -> [String] {
    sources.filter { experiment.roles.contains($0.role) }.compactMap { source in
      guard let data = datasets[source] else { return nil }
      let notes = data.notes.isEmpty ? "" : " (\(data.notes.joined(separator: "; ")))"
      if source.kind == source.role.original { return notes.isEmpty ? nil : data.name + notes }
      return "\(data.name)\(notes) stands in for \(source.role.title)."
    }
      + (scale == .full
        ? []
        : [
          "ResNet-\(scale.depth) and \(scale.steps) steps of \(scale.batch): the paper has ResNet-56."
        ])
  }

  private func facts(_ experiment: Experiment, _ datasets: Datasets) -> [Report.Fact] {
    [
      Report.Fact("architecture", "ResNet-\(scale.depth), cut after stage 2"),
      Report.Fact("steps", "\(scale.steps) minibatches of \(scale.batch) of each task"),
      Report.Fact("seeds", "0 to \(seeds - 1)"),
    ]
      + sources.compactMap { source in
        datasets[source].map {
          Report.Fact(
            "given for \(source.role.title)",
            "\($0.name): \($0.train.count) training and \($0.test.count) test images, "
              + "SHA-256 \($0.digest.prefix(16))…")
        }
      }
  }
}
