import Analysis
import Evaluation
import Recipes
import Reporting
import Runs
import Tensors

/// What the finished runs look like.
extension Grid {
  func correlationFigures(
    _ experiment: Experiment, _ datasets: Datasets, on backend: any Backend
  ) throws -> [Report.Figure] {
    var blocks: [Report.CorrelationBlocks.Block] = []
    var points: [Report.Scatter.Point] = []
    for row in experiment.rows {
      guard case .correlation(let permuted) = row.metric, row.trainings.allSatisfy(hasData)
      else { continue }
      let job = try job(row.trainings[0], seed: 0, datasets)
      guard state(job) == .finished, let first = try features(job, datasets, on: backend).first
      else { continue }
      blocks.append(
        .init(
          method: row.name,
          correlations: permuted ? first.permutedCorrelations : first.correlations,
          paper: paper(row.paper)))
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

  /// Accuracy along fine-tuning: mean over the seeds, from the least to the greatest.
  func curves(
    _ figure: Experiment.CurveFigure, _ datasets: Datasets
  ) throws -> Report.Figure? {
    let series = try figure.series.map { name, training in
      var values: [Int: [Double]] = [:]
      for seed in 0..<UInt64(seeds) where hasData(training) {
        let job = try job(training, seed: seed, datasets)
        guard state(job) == .finished else { continue }
        let results = try RunDirectory(job.directory).read().results
        for point in results.curve {
          values[point.step, default: []] += Array((point.averageClassAccuracy ?? [:]).values)
        }
        values[results.steps, default: []] += results.tasks.compactMap(\.averageClassAccuracy)
      }
      return Report.Curves.Series(
        name: name,
        points: values.sorted { $0.key < $1.key }.map { step, values in
          Report.Curves.Point(
            x: Double(step), y: SampleSummary(values).mean,
            low: values.count > 1 ? values.min() : nil,
            high: values.count > 1 ? values.max() : nil)
        })
    }
    guard series.contains(where: { $0.points.count >= Self.fewestPoints }) else { return nil }
    return .curves(
      Report.Curves(
        title: naming(figure.title, datasets), xLabel: "minibatches of fine-tuning",
        yLabel: "average class accuracy", logarithmicX: true, series: series))
  }

  /// Of fewer a line says nothing.
  private static let fewestPoints = 3

  /// How the trainings of the first seed went, in as many figures as keep their lines apart:
  /// accuracies, where they were measured along the way, beside losses.
  func lossFigures(
    _ experiment: Experiment, _ datasets: Datasets
  ) throws -> [Report.Figure] {
    var seen: Set<String> = []
    var losses: [Report.Curves.Series] = []
    var accuracies: [Report.Curves.Series] = []
    for training in experiment.rows.flatMap(\.trainings).filter(hasData) {
      guard seen.insert(training.name).inserted else { continue }
      let job = try job(training, seed: 0, datasets)
      guard state(job) == .finished else { continue }
      let points = lossCurve(job).map { Report.Curves.Point(x: $0.step, y: $0.loss) }
      if points.count >= Self.fewestPoints {
        losses.append(Report.Curves.Series(name: training.name, points: points))
      }
      let results = try RunDirectory(job.directory).read().results
      let accuracy = Self.accuracies(results, tasks: job.recipe.tasks.count)
      if accuracy.count >= Self.fewestPoints {
        accuracies.append(Report.Curves.Series(name: training.name, points: accuracy))
      }
    }
    func figures(
      _ title: String, _ label: String, _ unit: Report.Unit, _ series: [Report.Curves.Series]
    ) -> [Report.Curves] {
      series.isEmpty
        ? []
        : Report.Curves(
          title: title, xLabel: "steps of each task", yLabel: label, unit: unit, series: series
        ).parts
    }
    let pairs = [
      figures("Losses, seed 0", "loss of the tasks' own classes", .ratio, losses),
      figures(
        "Accuracies, seed 0", "recombination accuracy; of single networks their own", .percent,
        accuracies),
    ]
    // Each part of the losses beside the same trainings' accuracies.
    let most = pairs.map(\.count).max() ?? 0
    return (0..<most).flatMap { part in
      pairs.compactMap { curves -> Report.Figure? in
        curves.indices.contains(part) ? .curves(curves[part]) : nil
      }
    }
  }

  /// Along a training: of recombined networks, else the mean of its tasks' own.
  private static func accuracies(_ results: RunResults, tasks: Int) -> [Report.Curves.Point] {
    results.curve.compactMap { point in
      let own = point.averageClassAccuracy.flatMap { SampleSummary(Array($0.values)).mean }
      guard let value = tasks > 1 ? point.recombinationAccuracy : own else { return nil }
      return Report.Curves.Point(x: Double(point.step), y: value)
    }
  }
}
