/// `report.md`: the page's tables and words, for a terminal or a repository.
public enum MarkdownReport {
  /// - Parameters:
  ///   - report: what is written.
  ///   - figures: for each experiment and figure a file beside the page, or nil for none.
  public static func text(
    _ report: Report, figures: (_ experiment: Int, _ figure: Int) -> String? = { _, _ in nil }
  ) -> String {
    var text = "# \(inline(report.title))\n"
    if let notice = report.notice { text += "\n> \(inline(notice))\n" }
    if !report.environment.isEmpty { text += "\n" + list(report.environment) }
    for (index, experiment) in report.experiments.enumerated() {
      text += "\n## \(inline(experiment.title))\n"
      if let finding = experiment.finding { text += "\n**\(inline(finding))**\n" }
      if !experiment.summary.isEmpty { text += "\n\(inline(experiment.summary))\n" }
      var parts: [String] = []
      if !experiment.rows.isEmpty { parts.append("\n" + table(ReportTable(experiment.rows))) }
      let drawn = experiment.figures.enumerated().compactMap { place, figure in
        figures(index, place).map { "\n![\(inline(figure.title))](\($0))\n" }
      }
      parts.append(drawn.joined())
      text += (experiment.leadsWithFigures ? parts.reversed() : parts).joined()
      if let refusals = experiment.refusals, !refusals.isEmpty {
        text += "\n**Pairs without a value:**\n\n" + list(refusals)
      }
      if let terms = experiment.terms, !terms.isEmpty {
        text += "\n**Methods:**\n\n" + list(terms)
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
