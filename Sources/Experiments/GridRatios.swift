import Analysis
import Reporting
import Runs

/// What stands beside a row's accuracy: how much of the networks' own accuracy it is, and how well
/// the rotation head did.
extension Grid {
  /// Own accuracy of the paper's IIW+RP+DCC networks: what its ratios are to.
  static let paperOwnAccuracy = 0.863

  /// Of rows of recombination accuracy, seed by seed.
  func ratio(
    _ row: Experiment.Row, _ runs: [Report.RunValue], _ datasets: Datasets
  ) throws -> Report.Ratio? {
    guard case .recombination = row.metric else { return nil }
    let found = try runs.map { run in
      try results(row, run.seed, datasets).compactMap(\.ratio)
    }
    guard found.allSatisfy({ $0.count == row.trainings.count }) else { return nil }
    let summary = SampleSummary(found.map { $0.reduce(0, +) / Double($0.count) })
    let paper = self.paper(row.paper)
    guard summary.count > 0 || paper != nil else { return nil }
    return Report.Ratio(
      paper: paper.map { $0 / Self.paperOwnAccuracy }, mean: summary.mean,
      standardDeviation: summary.standardDeviation, runs: summary.values)
  }

  /// The paper's number, where the data are its data or stand in for them.
  func paper(_ value: Double?) -> Double? { isOwn ? nil : value }

  /// Of rows of recombination accuracy: 1 / outputs of the heads, mean of the directions.
  func chance(
    _ row: Experiment.Row, _ runs: [Report.RunValue], _ datasets: Datasets
  ) throws -> Double? {
    guard let seed = runs.first?.seed else { return nil }
    switch row.metric {
    case .recombination, .recombinationOn, .mapped: break
    default: return nil
    }
    let found = try results(row, seed, datasets).flatMap(\.recombinations).filter {
      $0.accuracy != nil
    }.map(\.chance)
    return SampleSummary(found).mean
  }

  /// Of rows of one training with a rotation head: by task, the mean over the seeds.
  func rotationAccuracy(
    _ row: Experiment.Row, _ runs: [Report.RunValue], _ datasets: Datasets
  ) throws -> [Double]? {
    switch row.metric {
    case .recombination, .ownTask: break
    default: return nil
    }
    guard row.trainings.count == 1, !runs.isEmpty else { return nil }
    let found = try runs.map { run in
      try results(row, run.seed, datasets)[0].tasks.compactMap { $0.auxiliaryAccuracy?["rotation"] }
    }
    guard let tasks = found.first?.count, tasks > 0, found.allSatisfy({ $0.count == tasks }) else {
      return nil
    }
    return (0..<tasks).map { task in
      found.reduce(0) { $0 + $1[task] } / Double(found.count)
    }
  }

  /// Of a row's trainings, which have finished.
  private func results(
    _ row: Experiment.Row, _ seed: UInt64, _ datasets: Datasets
  ) throws -> [RunResults] {
    try row.trainings.map {
      try RunDirectory(job($0, seed: seed, datasets).directory).read().results
    }
  }
}
