extension Report.Curves {
  /// The same lines in as many figures as give each of them a color of its own, in nearly equal
  /// shares.
  public var parts: [Report.Curves] {
    let count = max(1, (series.count + Palette.seriesCount - 1) / Palette.seriesCount)
    guard count > 1 else { return [self] }
    return (0..<count).map { index in
      var part = self
      part.title += ", \(index + 1) of \(count)"
      part.series = Array(
        series[index * series.count / count..<(index + 1) * series.count / count])
      return part
    }
  }

  private static let left = 46.0
  private static let height = 190.0

  func draw(into drawing: inout Drawing) {
    drawing.title(title)
    legend(into: &drawing)
    let right = drawing.width - 12
    let points = series.flatMap(\.points)
    let values = points.flatMap { [$0.y, $0.low, $0.high].compactMap(\.finite) }
    drawing.paragraph(yLabel, "small", size: Drawing.smallSize)
    let top = drawing.y + 8
    let bottom = top + Self.height
    let y = Axis(
      values + [chance].compactMap(\.finite), zero: unit == .percent, from: bottom, to: top)
    for tick in y.ticks {
      drawing.line("grid", Self.left, y.place(tick), right, y.place(tick))
      drawing.text(Axis.label(tick, unit), "small", Self.left - 5, y.place(tick) + 4, .end)
    }
    let x = xAxis(points.map(\.x), bottom, into: &drawing)
    if let chance = chance.finite {
      drawing.line("chance", Self.left, y.place(chance), right, y.place(chance))
    }
    for (index, line) in series.enumerated() { band(line, index, x, y, into: &drawing) }
    for (index, line) in series.enumerated() { curve(line, index, x, y, into: &drawing) }
    drawing.y = bottom + 17
    for line in TextWidth.lines(
      xLabel, width: right - Self.left, size: Drawing.smallSize)
    {
      drawing.y += 14
      drawing.text(line, "small", (Self.left + right) / 2, drawing.y - 2, .middle)
    }
  }

  /// Draws the axis; from x to places.
  private func xAxis(
    _ values: [Double], _ bottom: Double, into drawing: inout Drawing
  ) -> (Double) -> Double {
    let right = drawing.width - 12
    drawing.line("axis", Self.left, bottom, right, bottom)
    func tick(_ place: Double, _ text: String) {
      drawing.line("axis", place, bottom, place, bottom + 4)
      drawing.text(text, "small", place, bottom + 16, .middle)
    }
    guard logarithmicX else {
      let axis = Axis(values, zero: false, from: Self.left + 8, to: right - 8)
      for value in axis.ticks { tick(axis.place(value), Axis.number(value)) }
      return axis.place
    }
    let axis = LogarithmicAxis(values, from: Self.left, to: right - 8)
    if axis.hasZero {
      tick(axis.place(0), "0")
      // The axis is broken between 0 and the first step.
      let middle = Drawing.number(axis.start + LogarithmicAxis.zeroWidth * 0.6)
      drawing.path("axis", "M\(middle) \(Drawing.number(bottom + 4))l4 -8m2 0l-4 8", fill: "none")
    }
    var free = axis.hasZero ? axis.place(0) + 10 : 0
    for value in axis.ticks {
      let (place, text) = (axis.place(value), Axis.number(value))
      let half = TextWidth.of(text, size: Drawing.smallSize) / 2
      // A label that would touch the one before it is left out, its mark is not.
      let fits = place - half > free
      tick(place, fits ? text : "")
      if fits { free = place + half + 4 }
    }
    return axis.place
  }

  private func band(
    _ line: Series, _ index: Int, _ x: (Double) -> Double, _ y: Axis, into drawing: inout Drawing
  ) {
    let ends = line.points.compactMap { point -> (x: Double, low: Double, high: Double)? in
      guard point.x.isFinite, let low = point.low.finite, let high = point.high.finite else {
        return nil
      }
      return (x(point.x), y.place(low), y.place(high))
    }
    guard ends.count > 1 else { return }
    let upper = ends.map { "\(Drawing.number($0.x)) \(Drawing.number($0.high))" }
    let lower = ends.reversed().map { "\(Drawing.number($0.x)) \(Drawing.number($0.low))" }
    drawing.path(
      "band f\(index % Palette.seriesCount)", "M" + (upper + lower).joined(separator: "L") + "Z")
  }

  private func curve(
    _ line: Series, _ index: Int, _ x: (Double) -> Double, _ y: Axis, into drawing: inout Drawing
  ) {
    var data = ""
    var isPenDown = false
    for point in line.points {
      guard let value = point.y.finite, point.x.isFinite else {
        isPenDown = false
        continue
      }
      data +=
        "\(isPenDown ? "L" : "M")\(Drawing.number(x(point.x))) \(Drawing.number(y.place(value)))"
      isPenDown = true
    }
    guard !data.isEmpty else { return }
    drawing.path(
      "line s\(index % Palette.seriesCount)", data,
      dash: Palette.dash(index))
    let known = line.points.filter { $0.y.finite != nil && $0.x.isFinite }
    // About twelve markers at most, on the last point in any case.
    let every = (known.count + 11) / 12
    for (number, point) in known.reversed().enumerated() where number % every == 0 {
      drawing.add(Palette.marker(index, x(point.x), y.place(point.y ?? 0)))
    }
  }

  private func legend(into drawing: inout Drawing) {
    var keys: [(name: String, draw: (inout Drawing, Double, Double) -> Void)] =
      series.enumerated().map { index, line in
        let last = line.points.last { $0.y.finite != nil }
        let name = last == nil ? "\(line.name) (\(Printed.missing))" : line.name
        return (
          name,
          {
            $0.line(
              "line s\(index % Palette.seriesCount)", $1, $2, $1 + 22, $2,
              dash: Palette.dash(index))
            $0.add(Palette.marker(index, $1 + 11, $2))
          }
        )
      }
    if let chance = chance.finite {
      keys.append(
        ("chance \(Printed.value(chance, unit))", { $0.line("chance", $1, $2, $1 + 22, $2) }))
    }
    drawing.legend(keys)
  }

  var summary: String {
    series.map { line in
      let known = line.points.filter { $0.y.finite != nil }
      guard let first = known.first, let last = known.last else {
        return "\(line.name): \(Printed.missing)"
      }
      return "\(line.name): from \(Printed.value(first.y, unit)) at \(Axis.number(first.x)) "
        + "to \(Printed.value(last.y, unit)) at \(Axis.number(last.x))"
    }.joined(separator: "; ")
  }
}
