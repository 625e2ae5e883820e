extension Report.HeatMap {
  /// Columns side by side at most; more go into a block below.
  private static let columnsAcross = 7

  func draw(into drawing: inout Drawing) {
    drawing.title(title)
    drawing.paragraph(
      "rows: \(rowLabel); columns: \(columnLabel)", "small", size: 11)
    drawing.y += 4
    let known = rows.indices.flatMap { row in columns.indices.compactMap { value(row, $0) } }
    let low = min(known.min() ?? 0, unit == .percent ? 0 : .infinity)
    let high = known.max() ?? 1
    for first in stride(from: 0, to: columns.count, by: Self.columnsAcross) {
      let part = first..<min(first + Self.columnsAcross, columns.count)
      block(part, low: low, high: high, into: &drawing)
      drawing.y += 10
    }
    scale(low: low, high: high, into: &drawing)
  }

  private func block(
    _ part: Range<Int>, low: Double, high: Double, into drawing: inout Drawing
  ) {
    let widest = rows.map { TextWidth.of($0, size: 12) }.max() ?? 0
    let left = min(widest, 110) + 10
    let across = min(columns.count, Self.columnsAcross)
    let width = min((Drawing.width - 4 - left) / Double(across), 76)
    header(part, left: left, width: width, into: &drawing)
    for (row, name) in rows.enumerated() {
      let lines = TextWidth.lines(name, width: 110, size: 12)
      let height = max(34, Double(lines.count) * 15 + 6)
      for (index, line) in lines.enumerated() {
        let start = drawing.y + height / 2 - Double(lines.count - 1) * 7.5 + 4
        drawing.text(line, "", left - 6, start + Double(index) * 15, .end)
      }
      for (place, column) in part.enumerated() {
        let x = left + Double(place) * width
        guard let value = value(row, column) else {
          drawing.rect("cell", x, drawing.y, width, height, fill: "var(--panel)")
          drawing.text(Printed.missing, "", x + width / 2, drawing.y + height / 2 + 4, .middle)
          continue
        }
        let heat = Palette.heat(high > low ? (value - low) / (high - low) : 0.5)
        drawing.rect("cell", x, drawing.y, width, height, fill: heat.colour)
        drawing.text(
          Printed.bare(value, unit) ?? "", heat.isLight ? "dark-on-light" : "light-on-dark",
          x + width / 2, drawing.y + height / 2 + 4, .middle)
      }
      drawing.y += height
    }
  }

  /// Names above the columns: across where all words fit, else upwards.
  private func header(
    _ part: Range<Int>, left: Double, width: Double, into drawing: inout Drawing
  ) {
    let size = 12.0
    let fits = columns.allSatisfy { name in
      name.split(separator: " ").allSatisfy { TextWidth.of(String($0), size: size) <= width - 4 }
    }
    if fits {
      let names = part.map { TextWidth.lines(columns[$0], width: width - 4, size: size) }
      let height = Double(names.map(\.count).max() ?? 1) * 15
      for (place, lines) in names.enumerated() {
        for (index, line) in lines.reversed().enumerated() {
          drawing.text(
            line, "", left + (Double(place) + 0.5) * width,
            drawing.y + height - Double(index) * 15 - 2, .middle)
        }
      }
      drawing.y += height + 3
      return
    }
    let names = part.map { TextWidth.lines(columns[$0], width: 150, size: size) }
    let height = names.flatMap { $0 }.map { TextWidth.of($0, size: size) }.max() ?? 0
    for (place, lines) in names.enumerated() {
      let middle = left + (Double(place) + 0.5) * width + 4
      for (index, line) in lines.enumerated() {
        let shift = (Double(index) - Double(lines.count - 1) / 2) * 14
        drawing.text(line, "", middle + shift, drawing.y + height, rotated: -90)
      }
    }
    drawing.y += height + 6
  }

  private func scale(low: Double, high: Double, into drawing: inout Drawing) {
    guard high > low else { return }
    let (left, width, parts) = (96.0, 168.0, 24)
    for part in 0..<parts {
      let x = left + width * Double(part) / Double(parts)
      drawing.rect(
        "", x, drawing.y, width / Double(parts) + 0.5, 9,
        fill: Palette.heat((Double(part) + 0.5) / Double(parts)).colour)
    }
    drawing.text(Printed.value(low, unit), "small", left - 6, drawing.y + 9, .end)
    drawing.text(Printed.value(high, unit), "small", left + width + 6, drawing.y + 9)
    drawing.y += 14
  }

  var summary: String {
    rows.indices.map { row in
      let cells = columns.indices.map { "\(columns[$0]) \(Printed.value(value(row, $0), unit))" }
      return "\(rows[row]): \(cells.joined(separator: ", "))"
    }.joined(separator: "; ")
  }
}
