import Analysis
import Datasets
import Reporting
import Tensors

/// One row less another, seed by seed, and image by image.
extension Grid {
  /// What a seed does to both rows is gone from their difference.
  func difference(
    _ difference: Experiment.Difference, _ datasets: Datasets, on backend: any Backend
  ) throws -> Report.Row {
    let all = try values(difference.of, datasets, on: backend)
    let bounds = try values(difference.from, datasets, on: backend)
    let runs = all.compactMap { run -> Report.RunValue? in
      guard let value = run.value,
        let other = bounds.first(where: { $0.seed == run.seed })?.value
      else { return nil }
      return Report.RunValue(seed: run.seed, value: value - other)
    }
    return Self.row(
      naming(difference.name, datasets), group: difference.of.group.map { naming($0, datasets) },
      unit: .points, paper: paper(difference.paper), runs: runs, note: "paired differences")
  }

  /// Of one seed each, where both rows are one crossing on the same images: the difference in
  /// accuracy with Agresti and Min's interval over the images, which says whether this pair of
  /// networks differs; the seeds' interval says whether the methods do.
  func differencesOverImages(
    _ difference: Experiment.Difference, _ datasets: Datasets, on backend: any Backend
  ) throws -> [Report.Row] {
    guard case .crossings(let of) = difference.of.metric, of.count == 1,
      case .crossings(let from) = difference.from.metric, from.count == 1,
      of[0].role == from[0].role, difference.of.trainings.allSatisfy(hasData),
      difference.from.trainings.allSatisfy(hasData)
    else { return [] }
    return try (0..<UInt64(seeds)).compactMap { seed in
      guard let first = try right(of[0], seed: seed, datasets, on: backend),
        let second = try right(from[0], seed: seed, datasets, on: backend),
        first.count == second.count
      else { return nil }
      let onlyFirst = zip(first, second).filter { $0 && !$1 }.count
      let onlySecond = zip(first, second).filter { !$0 && $1 }.count
      let interval = Proportion.pairedDifference(
        onlyFirst: onlyFirst, onlySecond: onlySecond, of: first.count)
      let value = Double(onlyFirst - onlySecond) / Double(first.count)
      return Report.Row(
        name: naming(difference.name, datasets)
          .replacing(", by seed", with: ", over images, seed \(seed)"),
        group: difference.of.group.map { naming($0, datasets) }, unit: .points, mean: value,
        interval: Report.Interval(low: interval.low, high: interval.high),
        intervalKind: "Agresti and Min, 95 %", n: 1,
        runs: [Report.RunValue(seed: seed, value: value)],
        note: "right instead of wrong: \(onlyFirst) images; wrong instead of right: \(onlySecond)")
    }
  }
}
