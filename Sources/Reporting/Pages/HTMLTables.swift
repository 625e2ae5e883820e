import Foundation

enum HTMLTables {
  /// paper | ours, a row each; on a narrow screen it scrolls within itself.
  static func results(_ rows: [Report.Row], label: String) -> Markup {
    let table = ReportTable(rows)
    let header = table.header.enumerated().map { index, title in
      // The corner heads nothing.
      index == 0
        ? Markup.tag("td", [("class", "name")], title)
        : Markup.tag("th", [("scope", "col"), ("class", style(index, of: table))], title)
    }
    var body: [Markup] = []
    var group: String?
    for line in table.lines {
      if let name = line.group, name != group {
        let span = [("scope", "colgroup"), ("colspan", "\(table.header.count)")]
        body.append(.tag("tr", [("class", "group")], [.tag("th", span, name)]))
      }
      group = line.group
      let cells = line.cells.enumerated().map { index, text in
        // A phone shows them one below the other, with the column's title.
        Markup.tag(
          "td",
          [("class", style(index + 1, of: table)), ("data-label", table.header[index + 1])]
            + (text.isEmpty || text == Printed.missing ? [("data-empty", "yes")] : []), text)
      }
      let name: [Markup] = [link(line.name, to: line.link)]
      body.append(.tag("tr", [], [.tag("th", [("scope", "row")], name)] + cells))
    }
    return scrolling(
      [.tag("thead", [], [.tag("tr", [], header)]), .tag("tbody", [], body)], label: label,
      style: "results")
  }

  /// A name that leads to a folder, where there is one.
  private static func link(_ name: String, to folder: String?) -> Markup {
    guard let folder, !folder.isEmpty else { return .text(name) }
    let path = folder.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) ?? folder
    return .tag("a", [("href", path.hasSuffix("/") ? path : "\(path)/")], name)
  }

  private static func style(_ column: Int, of table: ReportTable) -> String {
    table.hasNotes && column == table.header.count - 1 ? "note" : "number"
  }

  /// What each run gave and where its files are, folded away.
  static func runs(_ rows: [Report.Row], label: String) -> Markup {
    let hasDirectories = rows.contains { $0.runs.contains { $0.directory != nil } }
    let titles = ["", "seed", "value"] + (hasDirectories ? ["directory"] : [])
    let header = titles.map { $0.isEmpty ? .tag("td") : Markup.tag("th", [("scope", "col")], $0) }
    let body = rows.flatMap { row in
      row.runs.enumerated().map { index, run in
        let name = [row.group, row.name].compactMap(\.self).joined(separator: ": ")
        var cells: [Markup] = [
          .tag("th", [("scope", "row")], name),
          .tag("td", [("class", "number")], "\(run.seed)"),
          .tag("td", [("class", "number")], Printed.value(run.value, row.unit)),
        ]
        if hasDirectories {
          cells.append(
            .tag(
              "td", [],
              [
                .tag(
                  "code", [], [link(run.directory ?? Printed.missing, to: run.directory)])
              ]))
        }
        return Markup.tag("tr", [], cells)
      }
    }
    return .tag(
      "details", [],
      [
        .tag("summary", [], "Single runs"),
        scrolling(
          [.tag("thead", [], [.tag("tr", [], header)]), .tag("tbody", [], body)],
          label: "\(label): single runs"),
      ])
  }

  private static func scrolling(
    _ parts: [Markup], label: String, style: String? = nil
  ) -> Markup {
    .tag(
      "div",
      [("class", "scroll"), ("role", "region"), ("aria-label", label), ("tabindex", "0")],
      [.tag("table", style.map { [("class", $0)] } ?? [], parts)])
  }
}
