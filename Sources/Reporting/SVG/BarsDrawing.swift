extension Report.Bars {
  /// Horizontal bars, each below its label: ours solid with its interval, the paper's hatched.
  func draw(into drawing: inout Drawing) {
    drawing.title(title)
    let known = items.flatMap { [$0.paper, $0.mean, $0.low, $0.high].compactMap(\.finite) }
    let hasPaper = items.contains { $0.paper.finite != nil }
    let hatching = hasPaper ? drawing.hatching() : ""
    let labelWidth =
      known.map { TextWidth.of(Printed.value($0, unit), size: Drawing.textSize * 1.12) }.max() ?? 40
    let axis = Axis(
      known + [chance].compactMap(\.finite), zero: true, from: 8,
      to: drawing.width - labelWidth - 10, ticks: 4)
    legend(into: &drawing, hasPaper: hasPaper, hatching: hatching)

    for (index, item) in items.enumerated() {
      if let group = item.group, index == 0 || items[index - 1].group != group {
        drawing.y += index == 0 ? 0 : 6
        drawing.paragraph(group, "group", size: Drawing.groupSize)
      }
      drawing.paragraph(item.label, "", size: Drawing.textSize)
      drawing.y += 3
      draw(item, axis, hatching, hasPaper, into: &drawing)
      drawing.y += 5
    }
    for tick in axis.ticks {
      let place = axis.place(tick)
      drawing.text(
        Axis.label(tick, unit), "small", max(place, 4), drawing.y + 11,
        place < 20 ? .start : .middle)
    }
    drawing.y += 15
  }

  private func draw(
    _ item: Item, _ axis: Axis, _ hatching: String, _ hasPaper: Bool, into drawing: inout Drawing
  ) {
    let top = drawing.y
    let bottom = top + (hasPaper ? 27 : 14)
    // Lines run between the labels, not through them.
    for tick in axis.ticks {
      let place = axis.place(tick)
      drawing.line(abs(tick) < 1e-12 ? "axis" : "grid", place, top - 1, place, bottom + 1)
    }
    let zero = axis.place(0)
    /// Draws a bar; its right end.
    func bar(_ style: String, _ value: Double?, _ y: Double, _ height: Double, _ fill: String?)
      -> Double
    {
      guard let value = value.finite else { return zero }
      let place = axis.place(value)
      drawing.rect(style, min(zero, place), y, abs(place - zero), height, fill: fill)
      return max(zero, place)
    }
    var end = bar("f0", item.mean, top, 13, nil)
    let paperEnd = bar("paper", item.paper, top + 15.5, 9, hatching)
    if item.mean.finite != nil, let low = item.low.finite, let high = item.high.finite {
      drawing.path(
        "whisker", Self.whisker(axis.place(low), axis.place(high), top + 6.5), fill: "none")
      end = max(end, axis.place(high))
    }
    if let chance = chance.finite {
      drawing.line("chance", axis.place(chance), top - 1, axis.place(chance), bottom + 1)
    }
    drawing.text(Printed.value(item.mean, unit), "strong", end + 5, top + 11)
    if hasPaper {
      drawing.text(Printed.value(item.paper, unit), "soft", paperEnd + 5, top + 24.5)
    }
    drawing.y = bottom
  }

  private static func whisker(_ left: Double, _ right: Double, _ y: Double) -> String {
    let top = Drawing.number(y - 4)
    return "M\(Drawing.number(left)) \(top)v8m0 -4H\(Drawing.number(right))m0 -4v8"
  }

  private func legend(into drawing: inout Drawing, hasPaper: Bool, hatching: String) {
    typealias Key = (name: String, draw: (inout Drawing, Double, Double) -> Void)
    var keys: [Key] = [(hasPaper ? "ours" : "mean", { $0.rect("f0", $1, $2 - 5, 22, 10) })]
    if hasPaper {
      keys.append(("the paper's", { $0.rect("paper", $1, $2 - 4, 22, 8, fill: hatching) }))
    }
    if items.contains(where: { $0.low.finite != nil && $0.high.finite != nil }) {
      keys.append(
        (
          "interval",
          { $0.path("whisker", Self.whisker($1, $1 + 22, $2), fill: "none") }
        ))
    }
    if let chance = chance.finite {
      keys.append(
        (
          "chance \(Printed.value(chance, unit))",
          { $0.line("chance", $1 + 11, $2 - 7, $1 + 11, $2 + 7) }
        ))
    }
    drawing.legend(keys)
  }

  var summary: String {
    let hasPaper = items.contains { $0.paper.finite != nil }
    return items.map { item in
      let ours = "\(item.label): \(hasPaper ? "ours " : "")\(Printed.value(item.mean, unit))"
      return hasPaper ? "\(ours), the paper's \(Printed.value(item.paper, unit))" : ours
    }.joined(separator: "; ")
  }
}
