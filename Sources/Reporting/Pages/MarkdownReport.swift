/// `report.md`: the page's tables and words, for a terminal or a repository.
public enum MarkdownReport {
  /// - Parameters:
  ///   - report: what is written.
  ///   - figures: for each experiment and figure a file beside the page, or nil for none.
  public static func text(
    _ report: Report, figures: (_ experiment: Int, _ figure: Int) -> String? = { _, _ in nil }
  ) -> String {
    var text = "# \(inline(report.title))\n"
    if !report.environment.isEmpty { text += "\n" + list(report.environment) }
    for (index, experiment) in report.experiments.enumerated() {
      text += "\n## \(inline(experiment.title))\n"
      if !experiment.summary.isEmpty { text += "\n\(inline(experiment.summary))\n" }
      if !experiment.rows.isEmpty { text += "\n" + table(ReportTable(experiment.rows)) }
      for (place, figure) in experiment.figures.enumerated() {
        guard let file = figures(index, place) else { continue }
        text += "\n![\(inline(figure.title))](\(file))\n"
      }
      if !experiment.deviations.isEmpty {
        text += "\n**Differs from the paper:**\n\n"
        text += experiment.deviations.map { "- \(inline($0))\n" }.joined()
      }
      if !experiment.facts.isEmpty {
        text += "\n**How it was measured:**\n\n" + list(experiment.facts)
      }
    }
    return text
  }

  private static func list(_ facts: [Report.Fact]) -> String {
    facts.map { "- **\(inline($0.name))**: \(inline($0.value))\n" }.joined()
  }

  private static func table(_ table: ReportTable) -> String {
    // Words to the left, numbers to the right.
    let right = table.header.count - (table.hasNotes ? 1 : 0)
    let rule = table.header.indices.map { $0 == 0 || $0 >= right ? "---" : "---:" }
    var text = row(table.header) + row(rule)
    var group: String?
    for line in table.lines {
      if let name = line.group, name != group {
        text += row(["**\(inline(name))**"] + table.header.dropFirst().map { _ in "" })
      }
      group = line.group
      text += row(([line.name] + line.cells).map(inline))
    }
    return text
  }

  private static func row(_ cells: [String]) -> String {
    "| \(cells.joined(separator: " | ")) |\n"
  }

  /// One line, with what Markdown or HTML would take for its own escaped.
  static func inline(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "\\", "`", "*", "_", "[", "]", "|", "#": result += "\\\(character)"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "&": result += "&amp;"
      case let space where space.isNewline: result += " "
      default: result.append(character)
      }
    }
    return result
  }
}
