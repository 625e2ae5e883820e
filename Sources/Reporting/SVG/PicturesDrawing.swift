import Foundation

extension Report.Pictures {
  /// As many in a row as are wide enough for their words.
  func draw(into drawing: inout Drawing) {
    drawing.title(title)
    let gap = 12.0
    let across = max(1, min(items.count, Int((drawing.width - 8 + gap) / 160)))
    let width = (drawing.width - 8 - gap * Double(across - 1)) / Double(across)
    for first in stride(from: 0, to: items.count, by: across) {
      let top = drawing.y
      var bottom = top
      for (place, item) in items[first..<min(first + across, items.count)].enumerated() {
        drawing.y = top
        draw(item, 4 + Double(place) * (width + gap), width, into: &drawing)
        bottom = max(bottom, drawing.y)
      }
      drawing.y = bottom + 14
    }
  }

  private func draw(_ item: Item, _ x: Double, _ width: Double, into drawing: inout Drawing) {
    let places = [("x", x), ("y", drawing.y), ("width", width), ("height", width)]
      .map { ($0, Drawing.number($1)) }
    drawing.add(
      .tag(
        "image",
        places + [("href", "data:image/bmp;base64," + item.bitmap.base64EncodedString())]))
    drawing.y += width + 4
    drawing.paragraph(item.label, "group", size: Drawing.groupSize, x: x, width: width)
    for line in item.lines {
      drawing.y += 3
      let y = Drawing.number(drawing.y + 12)
      let path =
        line.isRight
        ? "M\(Drawing.number(x + 1)) \(Drawing.number(drawing.y + 9))l3 4l7 -8"
        : "M\(Drawing.number(x + 2)) \(y)l8 -8m-8 0l8 8"
      drawing.path(line.isRight ? "line s2" : "line s1", path, fill: "none")
      drawing.paragraph(
        "\(line.name): \(line.value)", "", size: Drawing.textSize, x: x + 17, width: width - 17)
    }
  }

  var summary: String {
    items.map { item in
      let words = item.lines.map {
        "\($0.name): \($0.value), \($0.isRight ? "right" : "wrong")"
      }
      return "\(item.label) (\(words.joined(separator: "; ")))"
    }.joined(separator: "; ")
  }
}
