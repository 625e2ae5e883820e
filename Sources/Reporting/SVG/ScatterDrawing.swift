extension Report.Scatter {
  private static let height = 230.0

  private struct Dot {
    let index: Int
    let label: String
    let x: Double
    let y: Double
  }

  /// Points with their names beside them, or, where these have no room, with numbers and a key.
  func draw(into drawing: inout Drawing) {
    drawing.title(title)
    let known = points.enumerated().compactMap { index, point -> Dot? in
      guard let x = point.x.finite, let y = point.y.finite else { return nil }
      return Dot(index: index, label: point.label, x: x, y: y)
    }
    drawing.paragraph(yLabel, "small", size: Drawing.smallSize)
    let top = drawing.y + 8
    let bottom = top + Self.height
    let (left, right) = (46.0, drawing.width - 12)
    let x = Axis(known.map(\.x), zero: xUnit == .percent, from: left + 8, to: right - 8)
    let y = Axis(known.map(\.y), zero: yUnit == .percent, from: bottom, to: top)
    for tick in y.ticks {
      drawing.line("grid", left, y.place(tick), right, y.place(tick))
      drawing.text(Axis.label(tick, yUnit), "small", left - 5, y.place(tick) + 4, .end)
    }
    for tick in x.ticks {
      drawing.line("grid", x.place(tick), top, x.place(tick), bottom + 4)
      drawing.text(Axis.label(tick, xUnit), "small", x.place(tick), bottom + 16, .middle)
    }
    drawing.line("axis", left, bottom, right, bottom)
    let places = known.map { (x.place($0.x), y.place($0.y)) }
    for (dot, place) in zip(known, places) {
      drawing.add(Palette.marker(dot.index, place.0, place.1))
    }
    let room = LabelPlacement.Box(left: left, top: top - 4, right: right + 8, bottom: bottom)
    let names = LabelPlacement.place(known.map(\.label), at: places, in: room)
    for label in names ?? [] { drawing.text(label.text, "", label.x, label.y) }
    if names == nil {
      let numbers = known.map { "\($0.index + 1)" }
      for label in LabelPlacement.place(numbers, at: places, in: room) ?? [] {
        drawing.text(label.text, "strong", label.x, label.y)
      }
    }
    drawing.y = bottom + 17
    for line in TextWidth.lines(xLabel, width: right - left, size: Drawing.smallSize) {
      drawing.y += 14
      drawing.text(line, "small", (left + right) / 2, drawing.y - 2, .middle)
    }
    key(numbered: names == nil, into: &drawing)
  }

  /// Names of numbered points, and of those that have no place.
  private func key(numbered: Bool, into drawing: inout Drawing) {
    let entries = points.enumerated().filter { _, point in
      numbered || point.x.finite == nil || point.y.finite == nil
    }
    guard !entries.isEmpty else { return }
    drawing.y += 4
    drawing.legend(
      entries.map { index, point in
        let isMissing = point.x.finite == nil || point.y.finite == nil
        let name = (numbered ? "\(index + 1) " : "") + point.label
        return (
          isMissing ? "\(name) (\(Printed.missing))" : name,
          { if !isMissing { $0.add(Palette.marker(index, $1 + 11, $2)) } }
        )
      })
  }

  var summary: String {
    points.map {
      "\($0.label): \(xLabel) \(Printed.value($0.x, xUnit)), \(yLabel) \(Printed.value($0.y, yUnit))"
    }.joined(separator: "; ")
  }
}
