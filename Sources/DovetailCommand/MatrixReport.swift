import Dovetail
import Foundation

/// A matrix as a page.
enum MatrixReport {
  /// - Parameter folder: where the page will be: links lead from there.
  static func of(_ matrix: CompatibilityMatrix, device: String, in folder: String) -> Report {
    let short = MatrixTable.shortener(matrix.cells.flatMap { [$0.extractor, $0.head] })
    return Report(
      title: "Dovetail: every extractor with every head",
      environment: [
        Report.Fact("version", ProductVersion.current), Report.Fact("device", device),
      ],
      experiments: MatrixTable.unique(matrix.cells.map(\.data)).enumerated().map { index, data in
        experiment(
          matrix.cells.filter { $0.data == data }, data, "matrix-\(index + 1)", short,
          in: folder)
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
    _ cells: [CompatibilityMatrix.Cell], _ data: String, _ identifier: String,
    _ short: (String) -> String, in folder: String
  ) -> Report.Experiment {
    let extractors = MatrixTable.unique(cells.map(\.extractor))
    let heads = MatrixTable.unique(cells.map(\.head))
    func cell(_ extractor: String, _ head: String) -> CompatibilityMatrix.Cell? {
      cells.first { $0.extractor == extractor && $0.head == head }
    }
    let measured = cells.compactMap(\.certificate)
    let chances = Set(measured.map(\.chance))
    let map = Report.HeatMap(
      title: "Accuracy on \(data)", rowLabel: "extractor", columnLabel: "head",
      rows: extractors.map { bare(short($0), ".extractor") },
      columns: heads.map { bare(short($0), ".head") },
      values: extractors.map { extractor in
        heads.map { cell(extractor, $0)?.certificate?.accuracy }
      },
      marks: extractors.map { extractor in
        heads.map { cell(extractor, $0)?.certificate?.verdict.isCompatible ?? false }
      },
      markLabel: "compatible", chance: chances.count == 1 ? chances.first : nil)
    func name(_ cell: CompatibilityMatrix.Cell) -> String {
      "\(bare(short(cell.extractor), ".extractor")) + \(bare(short(cell.head), ".head"))"
    }
    let rows = cells.compactMap { cell in
      cell.certificate.map { certificate in
        Report.Row(
          name: name(cell), mean: certificate.accuracy,
          interval: Report.Interval(
            low: certificate.interval.low, high: certificate.interval.high),
          intervalKind: "95 % Wilson", n: 1, note: note(certificate), chance: certificate.chance,
          link: link(to: cell.extractor, from: folder))
      }
    }
    return Report.Experiment(
      name: identifier, title: data,
      summary: "Accuracy on the test images of the classes that the head knows; empty where the "
        + "parts do not fit. A pair's name leads to the extractor's run.",
      rows: rows, figures: [.heatMap(map)], finding: finding(cells),
      refusals: cells.compactMap { cell in
        cell.certificate == nil ? Report.Fact(name(cell), cell.reason ?? "does not fit") : nil
      })
  }

  /// A name without what its row or column says already.
  private static func bare(_ name: String, _ ending: String) -> String {
    name.hasSuffix(ending) ? String(name.dropLast(ending.count)) : name
  }

  private static func finding(_ cells: [CompatibilityMatrix.Cell]) -> String {
    let measured = cells.compactMap(\.certificate)
    let compatible = measured.count { $0.verdict.isCompatible }
    let refused = cells.count - measured.count
    return "\(compatible) of \(measured.count) measured pairs are compatible"
      + (refused > 0 ? "; \(refused) more do not fit." : ".")
  }

  /// The folder of a component's run, or of the component, as a page in another folder names it.
  static func link(to component: String, from folder: String) -> String {
    let file = URL(fileURLWithPath: component).standardizedFileURL
    var target = file.deletingLastPathComponent()
    if target.lastPathComponent == "components" { target = target.deletingLastPathComponent() }
    let from = URL(fileURLWithPath: folder).standardizedFileURL.pathComponents
    let to = target.pathComponents
    let common = zip(from, to).prefix { $0 == $1 }.count
    let parts = Array(repeating: "..", count: from.count - common) + to[common...]
    return parts.isEmpty ? "." : parts.joined(separator: "/")
  }
}
