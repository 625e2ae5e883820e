import Dovetail

/// What `train` and `evaluate` print.
enum ResultTable {
  static func text(_ results: RunResults) -> String {
    var lines: [String] = []
    let methods = results.methods.isEmpty ? "independent" : results.methods.joined(separator: " + ")
    lines.append("\(methods), \(results.scheme), \(results.steps) steps, seed \(results.seed)")
    for task in results.tasks where !task.notes.isEmpty {
      lines.append("\(task.name): \(task.dataset), \(task.notes.joined(separator: "; "))")
    }
    lines += ["", row(["own task", "images", "accuracy", "on common classes"])]
    for task in results.tasks {
      lines.append(
        row([
          task.name, "\(task.testImages)", Format.percent(task.ownAccuracy),
          Format.percent(task.ownAccuracyOnCommonClasses),
        ]))
    }
    lines += recombinations(results)
    lines += [
      "", "Device: \(results.device)",
      "Training: \(Format.duration(results.seconds)), \(Int(results.imagesPerSecond)) images/s",
    ]
    return lines.joined(separator: "\n")
  }

  private static func recombinations(_ results: RunResults) -> [String] {
    guard !results.recombinations.isEmpty else { return [] }
    var lines = [
      "", row(["extractor + head", "images", "accuracy", "among common", "chance"]),
    ]
    for pair in results.recombinations {
      lines.append(
        row([
          "\(pair.extractor) + \(pair.head)", "\(pair.images)", Format.percent(pair.accuracy),
          Format.percent(pair.accuracyAmongCommonOutputs), Format.percent(pair.chance),
        ]) + (pair.reason.map { "  (\($0))" } ?? ""))
    }
    lines.append(row(["mean", "", Format.percent(results.recombinationAccuracy)]))
    return lines
  }

  /// The first column left, the others right.
  static func row(_ cells: [String]) -> String {
    cells.enumerated().map { index, cell in
      let space = String(repeating: " ", count: max(0, (index == 0 ? 26 : 18) - cell.count))
      return index == 0 ? cell + space : space + cell
    }.joined()
  }
}
