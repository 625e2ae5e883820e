extension Report.HeatMap {
  /// Of the rows' names: a third of the drawing at most.
  private static func nameWidth(_ drawing: Drawing) -> Double { drawing.width * 0.31 }

  func draw(into drawing: inout Drawing) {
    drawing.title(title)
    drawing.paragraph(
      "rows: \(rowLabel); columns: \(columnLabel)", "small", size: Drawing.smallSize)
    drawing.y += 4
    key(into: &drawing)
    let known = rows.indices.flatMap { row in columns.indices.compactMap { value(row, $0) } }
    let low = min(known.min() ?? 0, unit == .percent ? 0 : .infinity)
    let high = known.max() ?? 1
    let widest = rows.map { TextWidth.of($0, size: Drawing.textSize) }.max() ?? 0
    let left = min(widest, Self.nameWidth(drawing)) + 10
    let cell = known.map { TextWidth.of(Printed.bare($0, unit) ?? "", size: Drawing.textSize) }
    let room = drawing.width - 4 - left
    // As many columns as have room for their values; more go into a block below.
    let across = max(1, min(columns.count, Int(room / max((cell.max() ?? 0) + 6, 30))))
    let width = min(room / Double(across), drawing.width / 4.5)
    for first in stride(from: 0, to: columns.count, by: across) {
      let part = first..<min(first + across, columns.count)
      block(part, left: left, width: width, low: low, high: high, into: &drawing)
      drawing.y += 10
    }
    if case .numbered = header(width: width) {
      for (column, name) in columns.enumerated() {
        drawing.paragraph("\(column + 1) \(name)", "", size: Drawing.textSize)
      }
      drawing.y += 8
    }
    scale(low: low, high: high, into: &drawing)
  }

  private func block(
    _ part: Range<Int>, left: Double, width: Double, low: Double, high: Double,
    into drawing: inout Drawing
  ) {
    header(part, left: left, width: width, into: &drawing)
    for (row, name) in rows.enumerated() {
      let lines = TextWidth.lines(name, width: Self.nameWidth(drawing), size: Drawing.textSize)
      let height = max(34, Double(lines.count) * Drawing.leading + 6)
      for (index, line) in lines.enumerated() {
        let start = drawing.y + height / 2 - Double(lines.count - 1) * Drawing.leading / 2 + 4.5
        drawing.text(line, "", left - 6, start + Double(index) * Drawing.leading, .end)
      }
      for (place, column) in part.enumerated() {
        let x = left + Double(place) * width
        guard let value = value(row, column) else {
          drawing.rect("cell", x, drawing.y, width, height, fill: "var(--panel)")
          drawing.text(Printed.missing, "", x + width / 2, drawing.y + height / 2 + 4, .middle)
          continue
        }
        let heat = Palette.heat(high > low ? (value - low) / (high - low) : 0.5)
        drawing.rect("cell", x, drawing.y, width, height, fill: heat.color)
        drawing.text(
          Printed.bare(value, unit) ?? "", heat.isLight ? "dark-on-light" : "light-on-dark",
          x + width / 2, drawing.y + height / 2 + 4, .middle)
        if isMarked(row, column) {
          Self.mark(x, drawing.y, width, height, isLight: heat.isLight, into: &drawing)
        }
      }
      drawing.y += height
    }
  }

  private func header(
    _ part: Range<Int>, left: Double, width: Double, into drawing: inout Drawing
  ) {
    func middle(_ place: Int) -> Double { left + (Double(place) + 0.5) * width }
    switch header(width: width) {
    case .across(let names):
      let height = Double(part.map { names[$0].count }.max() ?? 1) * Drawing.leading
      for (place, column) in part.enumerated() {
        for (index, line) in names[column].reversed().enumerated() {
          let y = drawing.y + height - Double(index) * Drawing.leading - 2
          drawing.text(line, "", middle(place), y, .middle)
        }
      }
      drawing.y += height + 3
    case .upwards(let height):
      for (place, column) in part.enumerated() {
        drawing.text(columns[column], "", middle(place) + 4, drawing.y + height, rotated: -90)
      }
      drawing.y += height + 6
    case .numbered:
      drawing.y += Drawing.leading
      for (place, column) in part.enumerated() {
        drawing.text("\(column + 1)", "strong", middle(place), drawing.y - 2, .middle)
      }
      drawing.y += 3
    }
  }

  private enum Header {
    case across([[String]])
    case upwards(height: Double)
    /// With the names in a key.
    case numbered
  }

  /// Across where all words fit in a few lines; else upwards, if that is not too high; else
  /// numbers.
  private func header(width: Double) -> Header {
    let size = Drawing.textSize
    let across = columns.map { TextWidth.lines($0, width: width - 4, size: size) }
    let fits = columns.allSatisfy { name in
      TextWidth.words(name).allSatisfy { TextWidth.of($0.text, size: size) <= width - 4 }
    }
    if fits && across.allSatisfy({ $0.count <= 4 }) { return .across(across) }
    let height = columns.map { TextWidth.of($0, size: size) }.max() ?? 0
    return height <= 150 ? .upwards(height: height) : .numbered
  }

  private static func mark(
    _ x: Double, _ y: Double, _ width: Double, _ height: Double, isLight: Bool,
    into drawing: inout Drawing
  ) {
    let corner = "M\(Drawing.number(x + width - 11)) \(Drawing.number(y + 6))l3 3l5 -5"
    drawing.path(isLight ? "tick-dark" : "tick-light", corner, fill: "none")
  }

  /// What the marks are.
  private func key(into drawing: inout Drawing) {
    guard let markLabel,
      rows.indices.contains(where: { row in
        columns.indices.contains { isMarked(row, $0) }
      })
    else { return }
    let heat = Palette.heat(0.9)
    drawing.legend([
      (
        markLabel,
        { drawing, x, y in
          drawing.rect("cell", x, y - 8, 22, 16, fill: heat.color)
          Self.mark(x + 1, y - 9, 22, 16, isLight: heat.isLight, into: &drawing)
        }
      )
    ])
  }

  private func isMarked(_ row: Int, _ column: Int) -> Bool {
    guard let marks, marks.indices.contains(row), marks[row].indices.contains(column) else {
      return false
    }
    return marks[row][column]
  }

  private func scale(low: Double, high: Double, into drawing: inout Drawing) {
    guard high > low else { return }
    let (left, width, parts) = (84.0, 180.0, 24)
    for part in 0..<parts {
      let x = left + width * Double(part) / Double(parts)
      drawing.rect(
        "", x, drawing.y, width / Double(parts) + 0.5, 9,
        fill: Palette.heat((Double(part) + 0.5) / Double(parts)).color)
    }
    drawing.text(Printed.value(low, unit), "small", left - 6, drawing.y + 9, .end)
    drawing.text(Printed.value(high, unit), "small", left + width + 6, drawing.y + 9)
    if let chance = chance.finite, (low...high).contains(chance) {
      let x = left + width * (chance - low) / (high - low)
      drawing.line("whisker", x, drawing.y - 2, x, drawing.y + 12)
      drawing.text(
        "chance \(Printed.value(chance, unit))", "small", max(x, left + 20), drawing.y + 23, .middle
      )
      drawing.y += 13
    }
    drawing.y += 14
  }

  var summary: String {
    rows.indices.map { row in
      let cells = columns.indices.map { column in
        "\(columns[column]) \(Printed.value(value(row, column), unit))"
          + (isMarked(row, column) ? markLabel.map { " (\($0))" } ?? "" : "")
      }
      return "\(rows[row]): \(cells.joined(separator: ", "))"
    }.joined(separator: "; ")
  }
}
