import Dovetail

/// What `train` and `evaluate` print.
enum ResultTable {
  static func text(_ results: RunResults) -> String {
    var lines: [String] = []
    let methods = results.methods.isEmpty ? "independent" : results.methods.joined(separator: " + ")
    lines.append("\(methods), \(results.scheme), steps: \(results.steps), seed: \(results.seed)")
    if results.methods.isEmpty && results.tasks.count > 1 {
      let methods = CompatibilityMethod.paper.map(\.rawValue).joined(separator: ", ")
      lines += [
        "No methods: the networks are independent, and recombine at chance. A line in the recipe "
          + "makes them compatible:", "methods: [\(methods)]",
      ]
    }
    for task in results.tasks where !task.notes.isEmpty {
      lines.append("\(task.name): \(task.dataset), \(task.notes.joined(separator: "; "))")
    }
    let labeled = results.tasks.filter { $0.ownAccuracy != nil }
    let hasTopFive = labeled.contains { $0.topFiveAccuracy != nil }
    let own = labeled.map {
      [$0.name, "\($0.testImages)", Format.percent($0.ownAccuracy)]
        + (hasTopFive ? [Format.percent($0.topFiveAccuracy)] : [])
        + [Format.percent($0.ownAccuracyOnCommonClasses)]
    }
    if !own.isEmpty {
      lines.append("")
      lines += aligned(
        [
          ["own task", "images", "accuracy"] + (hasTopFive ? ["top 5"] : []) + ["on common classes"]
        ] + own)
    }
    if let step = results.keptStep {
      lines.append("Kept: the weights after \(step) of \(results.steps) steps (keep: best)")
    }
    let selfSupervised = results.tasks.flatMap { task in
      (task.auxiliaryAccuracy ?? [:]).sorted { $0.key < $1.key }.map {
        [task.name, "\(task.testImages)", $0.key, Format.percent($0.value)]
      }
    }
    if !selfSupervised.isEmpty {
      lines.append("")
      lines += aligned([["images of", "images", "head", "accuracy"]] + selfSupervised)
    }
    lines += recombinations(results)
    lines += [
      "", "Device: \(results.device)",
      "Training: \(Format.duration(results.seconds)), \(Int(results.imagesPerSecond)) images/s",
    ]
    if let waited = results.secondsWaitingForImages {
      lines.append(
        "Waiting for images: \(Format.fixed(waited, 1)) s "
          + "(\(Format.percent(results.seconds > 0 ? waited / results.seconds : 0)))")
    }
    if let skipped = results.skippedImages, !skipped.isEmpty {
      lines.append("Damaged images, others taken: \(skipped.count)")
      lines += skipped.prefix(10).map { "  \($0)" } + (skipped.count > 10 ? ["  …"] : [])
    }
    return lines.joined(separator: "\n")
  }

  private static func recombinations(_ results: RunResults) -> [String] {
    guard !results.recombinations.isEmpty else { return [] }
    var rows = [
      ["extractor + head", "images", "accuracy", "chance", "among common outputs", "chance"]
    ]
    for pair in results.recombinations {
      rows.append([
        "\(pair.extractor) + \(pair.head)", "\(pair.images)", Format.percent(pair.accuracy),
        Format.percent(pair.chance), Format.percent(pair.accuracyAmongCommonOutputs),
        Format.percent(pair.chanceAmongCommonOutputs),
      ])
    }
    rows.append(["mean", "", Format.percent(results.recombinationAccuracy), "", "", ""])
    var lines = [""] + aligned(rows)
    for pair in results.recombinations {
      if let reason = pair.reason { lines.append("\(pair.extractor) + \(pair.head): \(reason)") }
    }
    return lines
  }

  /// Columns as wide as they need to be: the first one to the left, the others to the right. Where
  /// they do not fit, the first stands again with those that go on below.
  /// - Parameter columns: of the terminal; nil: as wide as it is.
  static func aligned(_ rows: [[String]], columns: Int? = Console.tableColumns) -> [String] {
    let widths = (rows.first ?? []).indices.map { column in
      rows.map { TerminalText.width(of: $0[column]) }.max() ?? 0
    }
    guard let first = widths.first else { return rows.map { _ in "" } }
    var blocks: [[Int]] = [[]]
    var used = first
    for column in widths.indices.dropFirst() {
      if let columns, used + 3 + widths[column] > columns, !blocks[blocks.count - 1].isEmpty {
        blocks.append([])
        used = first
      }
      blocks[blocks.count - 1].append(column)
      used += 3 + widths[column]
    }
    let texts = blocks.map { block in
      rows.map { row in
        var line = TerminalText.padded(row[0], to: first)
        for column in block {
          line += "   " + TerminalText.padded(row[column], to: widths[column], atEnd: false)
        }
        while line.last == " " { line.removeLast() }
        return line
      }
    }
    return Array(texts.joined(separator: [""]))
  }
}
