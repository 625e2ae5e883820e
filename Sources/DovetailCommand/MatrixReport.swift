import Dovetail

/// A matrix as a page.
enum MatrixReport {
  static func of(_ matrix: CompatibilityMatrix, device: String) -> Report {
    let short = MatrixTable.shortener(matrix.cells.flatMap { [$0.extractor, $0.head] })
    return Report(
      title: "Dovetail: every extractor with every head",
      environment: [
        Report.Fact("version", ProductVersion.current), Report.Fact("device", device),
      ],
      experiments: MatrixTable.unique(matrix.cells.map(\.data)).enumerated().map { index, data in
        experiment(matrix.cells.filter { $0.data == data }, data, "matrix-\(index + 1)", short)
      })
  }

  /// Verdict, and what a change from the own head costs.
  private static func note(_ certificate: Certificate) -> String {
    var words = [certificate.verdict.rawValue]
    if certificate.featureSpace.isAligned { words.append(Fit.alignedWords) }
    if let ratio = certificate.ratio { words.append("recombined / own \(Format.fixed(ratio, 2))") }
    if let upper = certificate.upperBound {
      words.append("flips: \(upper.negativeFlips) negative, \(upper.positiveFlips) positive")
    }
    return words.joined(separator: "; ")
  }

  private static func experiment(
    _ cells: [CompatibilityMatrix.Cell], _ data: String, _ name: String,
    _ short: (String) -> String
  ) -> Report.Experiment {
    let extractors = MatrixTable.unique(cells.map(\.extractor))
    let heads = MatrixTable.unique(cells.map(\.head))
    func cell(_ extractor: String, _ head: String) -> CompatibilityMatrix.Cell? {
      cells.first { $0.extractor == extractor && $0.head == head }
    }
    let map = Report.HeatMap(
      title: "Accuracy on \(data)", rowLabel: "extractor", columnLabel: "head",
      rows: extractors.map(short), columns: heads.map(short),
      values: extractors.map { extractor in
        heads.map { cell(extractor, $0)?.certificate?.accuracy }
      })
    let rows = cells.map { cell in
      Report.Row(
        name: "\(short(cell.extractor)) + \(short(cell.head))",
        mean: cell.certificate?.accuracy, n: cell.certificate == nil ? 0 : 1,
        note: cell.certificate.map(note) ?? cell.reason)
    }
    return Report.Experiment(
      name: name, title: data,
      summary: "Accuracy on the test images of the classes that the head knows; empty where the "
        + "parts do not fit.",
      rows: rows, figures: [.heatMap(map)])
  }
}
