/// The table of an experiment, as both pages show it.
struct ReportTable {
  struct Line {
    let group: String?
    let name: String
    /// The paper's, ours, the interval where the table has one, the note.
    let cells: [String]
  }

  let header: [String]
  let lines: [Line]
  let hasNotes: Bool

  /// Columns that no row fills are left out; "paper" and "ours" always stand.
  init(_ rows: [Report.Row]) {
    let intervals = rows.filter { $0.interval?.finite != nil }
    let kinds = Set(intervals.map { $0.intervalKind ?? "interval" })
    let common = kinds.count == 1 ? kinds.first : nil
    let hasPaperRatio = rows.contains { $0.ratio?.paper.finite != nil }
    let hasRatio = rows.contains { $0.ratio?.mean.finite != nil }
    let hasRotation = rows.contains { $0.rotationAccuracy != nil }
    let hasNotes = rows.contains { $0.note?.isEmpty == false }
    header =
      ["", "paper", "ours: mean ± std (n)"]
      + (intervals.isEmpty ? [] : [common ?? "interval"])
      + (hasPaperRatio ? ["ratio, paper"] : []) + (hasRatio ? ["ratio, ours"] : [])
      + (hasRotation ? ["rotation"] : []) + (hasNotes ? ["note"] : [])
    lines = rows.map { row in
      var cells = [Printed.value(row.paper, row.unit), Printed.mean(of: row)]
      if !intervals.isEmpty {
        var text = Printed.interval(row.interval, row.unit)
        if common == nil, row.interval?.finite != nil, let kind = row.intervalKind {
          text += " (\(kind))"
        }
        cells.append(text)
      }
      if hasPaperRatio { cells.append(Printed.value(row.ratio?.paper, .ratio)) }
      if hasRatio { cells.append(Printed.ratio(row.ratio)) }
      if hasRotation { cells.append(Printed.shares(row.rotationAccuracy)) }
      return Line(
        group: row.group, name: row.name, cells: cells + (hasNotes ? [row.note ?? ""] : []))
    }
    self.hasNotes = hasNotes
  }
}
