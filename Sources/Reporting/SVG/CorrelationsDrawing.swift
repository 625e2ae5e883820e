extension Report.CorrelationBlocks {
  private static func plot(
    _ drawing: Drawing
  ) -> (left: Double, right: Double, height: Double) {
    (30, drawing.width - 6, 46)
  }

  /// For each method its channels from the most to the least correlated, and their mean.
  func draw(into drawing: inout Drawing) {
    drawing.title(title)
    let hatching = drawing.hatching()
    drawing.legend([
      ("channels, sorted", { $0.rect("f0", $1, $2 - 5, 22, 10) }),
      ("negative", { $0.rect("paper", $1, $2 - 5, 22, 10, fill: hatching) }),
      ("mean", { $0.line("whisker", $1, $2, $1 + 22, $2, dash: "5 3") }),
    ])
    let lowest = blocks.flatMap(\.correlations).filter(\.isFinite).min() ?? 0
    let floor = lowest < 0 ? max(-1, (lowest * 5).rounded(.down) / 5) : 0
    for block in blocks {
      var values = "mean \(Printed.value(block.mean, .ratio))"
      if let paper = block.paper.finite { values += ", paper \(Printed.value(paper, .ratio))" }
      let lines = TextWidth.lines(
        block.method, width: drawing.width - 16 - TextWidth.of(values, size: Drawing.textSize),
        size: Drawing.textSize)
      drawing.text(values, "strong", Self.plot(drawing).right, drawing.y + Drawing.leading, .end)
      for line in lines {
        drawing.y += Drawing.leading
        drawing.text(line, "", 4, drawing.y)
      }
      drawing.y += 10
      draw(block, floor: floor, hatching, into: &drawing)
      drawing.y += 8
    }
  }

  private func draw(
    _ block: Block, floor: Double, _ hatching: String, into drawing: inout Drawing
  ) {
    let (left, right, height) = Self.plot(drawing)
    let top = drawing.y
    func place(_ value: Double) -> Double {
      top + (1 - min(max(value, -1), 1)) / (1 - floor) * height
    }
    for tick in [1, 0.5, 0] {
      drawing.line(tick == 0 ? "axis" : "grid", left, place(tick), right, place(tick))
      drawing.text(Axis.number(tick), "small", left - 4, place(tick) + 4, .end)
    }
    let sorted = block.correlations.filter(\.isFinite).sorted(by: >)
    let step = (right - left) / Double(max(sorted.count, 1))
    /// Stairs over some of the channels.
    func area(_ range: Range<Int>) -> String {
      var data =
        "M\(Drawing.number(left + step * Double(range.lowerBound))) \(Drawing.number(place(0)))"
      for index in range {
        data += "V\(Drawing.number(place(sorted[index])))"
        data += "H\(Drawing.number(left + step * Double(index + 1)))"
      }
      return data + "V\(Drawing.number(place(0)))Z"
    }
    let positive = sorted.prefix { $0 >= 0 }.count
    if positive > 0 { drawing.path("f0", area(0..<positive)) }
    if positive < sorted.count {
      drawing.path("paper", area(positive..<sorted.count), fill: hatching)
    }
    if let mean = block.mean {
      drawing.line("whisker", left, place(mean), right, place(mean), dash: "5 3")
    } else {
      drawing.text(Printed.missing, "strong", left + 6, place(0.2))
    }
    drawing.y = top + height
  }

  var summary: String {
    blocks.map { block in
      "\(block.method): mean \(Printed.value(block.mean, .ratio)) of \(block.correlations.count) "
        + "channels"
        + (block.paper.finite.map { ", the paper's \(Printed.value($0, .ratio))" } ?? "")
    }.joined(separator: "; ")
  }
}
