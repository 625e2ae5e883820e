extension Report.Bars {
  /// Horizontal bars, each below its label: ours solid with its interval, the paper's hatched.
  func draw(into drawing: inout Drawing) {
    drawing.title(title)
    let known = items.flatMap { [$0.paper, $0.mean, $0.low, $0.high].compactMap(\.finite) }
    let hasPaper = items.contains { $0.paper.finite != nil }
    let hatching = hasPaper ? drawing.hatching() : ""
    let labelWidth = known.map { TextWidth.of(Printed.value($0, unit), size: 12) }.max() ?? 40
    let axis = Axis(
      known + [chance].compactMap(\.finite), zero: true, from: 8,
      to: Drawing.width - labelWidth - 10, ticks: 4)
    legend(into: &drawing, hasPaper: hasPaper, hatching: hatching)

    // What the bars stand on is known when they are drawn, and lies below them.
    let top = drawing.y
    let below = drawing.elements.count
    var bars = drawing
    for (index, item) in items.enumerated() {
      if let group = item.group, index == 0 || items[index - 1].group != group {
        bars.y += index == 0 ? 0 : 6
        bars.paragraph(group, "group", size: 12.5)
      }
      bars.paragraph(item.label, "", size: 12)
      bars.y += 3
      draw(item, axis, hatching, hasPaper, into: &bars)
      bars.y += 5
    }
    for tick in axis.ticks {
      drawing.line(
        abs(tick) < 1e-12 ? "axis" : "grid", axis.place(tick), top, axis.place(tick), bars.y)
      drawing.text(
        Axis.label(tick, unit), "small", axis.place(tick), bars.y + 13,
        axis.place(tick) < 20 ? .start : .middle)
    }
    drawing.absorb(bars, since: below)
    if let chance = chance.finite {
      drawing.line("chance", axis.place(chance), top, axis.place(chance), bars.y)
    }
    drawing.y = bars.y + 18
  }

  private func draw(
    _ item: Item, _ axis: Axis, _ hatching: String, _ hasPaper: Bool, into drawing: inout Drawing
  ) {
    func bar(_ value: Double) -> (x: Double, width: Double, end: Double) {
      let (zero, place) = (axis.place(0), axis.place(value))
      return (min(zero, place), abs(place - zero), max(zero, place))
    }
    var end = axis.place(0)
    if let mean = item.mean.finite {
      let ours = bar(mean)
      drawing.rect("f0", ours.x, drawing.y, ours.width, 13)
      end = ours.end
      if let low = item.low.finite, let high = item.high.finite {
        let (left, right, middle) = (axis.place(low), axis.place(high), drawing.y + 6.5)
        drawing.path(
          "whisker",
          "M\(Drawing.number(left)) \(Drawing.number(middle - 4))v8m0 -4H\(Drawing.number(right))m0 -4v8",
          fill: "none")
        end = max(end, right)
      }
    }
    drawing.text(Printed.value(item.mean, unit), "strong", end + 5, drawing.y + 11)
    drawing.y += 14
    guard hasPaper else { return }
    end = axis.place(0)
    if let paper = item.paper.finite {
      let theirs = bar(paper)
      drawing.rect("paper", theirs.x, drawing.y + 1.5, theirs.width, 9, fill: hatching)
      end = theirs.end
    }
    drawing.text(Printed.value(item.paper, unit), "soft", end + 5, drawing.y + 10.5)
    drawing.y += 13
  }

  private func legend(into drawing: inout Drawing, hasPaper: Bool, hatching: String) {
    typealias Key = (name: String, draw: (inout Drawing, Double, Double) -> Void)
    var keys: [Key] = [("ours", { $0.rect("f0", $1, $2 - 5, 22, 10) })]
    if hasPaper {
      keys.append(("the paper's", { $0.rect("paper", $1, $2 - 4, 22, 8, fill: hatching) }))
    }
    if items.contains(where: { $0.low.finite != nil && $0.high.finite != nil }) {
      keys.append(
        (
          "interval",
          {
            $0.path(
              "whisker",
              "M\(Drawing.number($1)) \(Drawing.number($2 - 4))v8m0 -4h22m0 -4v8", fill: "none")
          }
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
    items.map { item in
      "\(item.label): ours \(Printed.value(item.mean, unit)), "
        + "the paper's \(Printed.value(item.paper, unit))"
    }.joined(separator: "; ")
  }
}
