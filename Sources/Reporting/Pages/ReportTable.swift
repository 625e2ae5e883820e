/// The table of an experiment, as both pages show it.
struct ReportTable {
  struct Line {
    let group: String?
    let name: String
    /// A folder, from the page.
    let link: String?
    /// The paper's, ours, the interval where the table has one, the note.
    let cells: [String]
  }

  let header: [String]
  let lines: [Line]
  let hasNotes: Bool

  /// Columns that no row fills are left out; ours always stands.
  init(_ rows: [Report.Row]) {
    let intervals = rows.filter { $0.interval?.finite != nil }
    let kinds = Set(intervals.map { $0.intervalKind ?? "interval" })
    let common = kinds.count == 1 ? kinds.first : nil
    let hasPaperRatio = rows.contains { $0.ratio?.paper.finite != nil }
    let hasRatio = rows.contains { $0.ratio?.mean.finite != nil }
    let hasRotation = rows.contains { $0.rotationAccuracy != nil }
    let hasPaper = rows.contains { $0.paper.finite != nil }
    let hasChance = rows.contains { $0.chance.finite != nil }
    let hasNotes = rows.contains { $0.note?.isEmpty == false }
    header =
      [""] + (hasPaper ? ["paper", "ours: mean ± std (n)"] : ["mean ± std (n)"])
      + (intervals.isEmpty ? [] : [common ?? "interval"])
      + (hasChance ? ["chance"] : []) + (hasPaperRatio ? ["ratio, paper"] : [])
      + (hasRatio ? [hasPaper ? "ratio, ours" : "ratio to own accuracy"] : [])
      + (hasRotation ? ["rotation"] : []) + (hasNotes ? ["note"] : [])
    lines = rows.map { row in
      var cells = (hasPaper ? [Printed.value(row.paper, row.unit)] : []) + [Printed.mean(of: row)]
      if !intervals.isEmpty {
        var text = Printed.interval(row.interval, row.unit)
        if common == nil, row.interval?.finite != nil, let kind = row.intervalKind {
          text += " (\(kind))"
        }
        cells.append(text)
      }
      if hasChance { cells.append(Printed.value(row.chance, .percent)) }
      if hasPaperRatio { cells.append(Printed.value(row.ratio?.paper, .ratio)) }
      if hasRatio { cells.append(Printed.ratio(row.ratio)) }
      if hasRotation { cells.append(Printed.shares(row.rotationAccuracy)) }
      return Line(
        group: row.group, name: row.name, link: row.target,
        cells: cells + (hasNotes ? [row.note ?? ""] : []))
    }
    self.hasNotes = hasNotes
  }
}

extension Report.Experiment {
  /// Its table as rows of text, the header first, for a terminal; a group is a row of its own.
  public var textRows: [[String]] {
    let table = ReportTable(rows)
    var result = [table.header]
    var group: String?
    for line in table.lines {
      if let name = line.group, name != group {
        result.append([name] + table.header.dropFirst().map { _ in "" })
      }
      group = line.group
      result.append([(group == nil ? "" : "  ") + line.name] + line.cells)
    }
    return result.map { $0.map { $0.replacing("\u{a0}", with: " ") } }
  }
}
