import Foundation

/// A drawing under way: 360 units across, or as many as it is told, as high as what is in it.
///
/// A phone shows 360 units at about one pixel each, so that labels stay legible; a wide screen
/// shows them larger, or a drawing of more units. What is long is wrapped, never cut.
struct Drawing {
  /// Of a phone, or of one of two columns.
  static let narrow = 360.0
  /// Of a whole page.
  static let wide = 720.0

  static let textSize = 13.0
  static let smallSize = 11.5
  static let groupSize = 13.5
  static let titleSize = 15.0
  /// From one line of text to the next.
  static let leading = 16.5

  let identifier: String
  let width: Double
  private(set) var elements: [Markup] = []
  private(set) var definitions: [Markup] = []
  /// Where the next thing goes.
  var y = 0.0

  init(identifier: String, width: Double = narrow) {
    (self.identifier, self.width) = (identifier, width)
  }

  // MARK: Shapes

  mutating func add(_ element: Markup) { elements.append(element) }

  mutating func line(
    _ style: String, _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, dash: String = ""
  ) {
    let ends = [("x1", x1), ("y1", y1), ("x2", x2), ("y2", y2)].map { ($0, Self.number($1)) }
    let dash = dash.isEmpty ? [] : [("stroke-dasharray", dash)]
    add(.tag("line", [("class", style)] + ends + dash))
  }

  mutating func rect(
    _ style: String, _ x: Double, _ y: Double, _ width: Double, _ height: Double,
    fill: String? = nil
  ) {
    let sides = [("x", x), ("y", y), ("width", max(width, 0)), ("height", height)]
      .map { ($0, Self.number($1)) }
    add(.tag("rect", [("class", style)] + sides + (fill.map { [("fill", $0)] } ?? [])))
  }

  mutating func path(_ style: String, _ data: String, dash: String = "", fill: String? = nil) {
    let dash = dash.isEmpty ? [] : [("stroke-dasharray", dash)]
    let fill = fill.map { [("fill", $0)] } ?? []
    add(.tag("path", [("class", style), ("d", data)] + dash + fill))
  }

  enum Anchor: String { case start, middle, end }

  mutating func text(
    _ text: String, _ style: String, _ x: Double, _ y: Double, _ anchor: Anchor = .start,
    rotated: Double? = nil
  ) {
    let place = [("x", Self.number(x)), ("y", Self.number(y))]
    let anchor = anchor == .start ? [] : [("text-anchor", anchor.rawValue)]
    let turn = rotated.map {
      [("transform", "rotate(\(Self.number($0)) \(Self.number(x)) \(Self.number(y)))")]
    }
    let style = style.isEmpty ? [] : [("class", style)]
    add(.tag("text", style + place + anchor + (turn ?? []), text))
  }

  /// A paragraph from the left; moves down.
  mutating func paragraph(
    _ text: String, _ style: String, size: Double, x: Double = 4, width given: Double? = nil
  ) {
    let width = given ?? self.width - 8
    // Semibold letters are wider.
    let isBold = style == "title" || style == "group"
    for line in TextWidth.lines(text, width: isBold ? width / 1.12 : width, size: size) {
      y += size * 1.3
      self.text(line, style, x, y - size * 0.3)
    }
  }

  mutating func title(_ text: String) {
    paragraph(text, "title", size: Drawing.titleSize)
    y += 6
  }

  /// Lines for what comes from the paper; the name for `fill`.
  mutating func hatching() -> String {
    let name = "\(identifier)-hatch"
    definitions.append(
      .tag(
        "pattern",
        [
          ("id", name), ("width", "5"), ("height", "5"), ("patternUnits", "userSpaceOnUse"),
          ("patternTransform", "rotate(45)"),
        ],
        [.tag("line", [("class", "hatch"), ("x1", "0"), ("y1", "0"), ("x2", "0"), ("y2", "5")])]))
    return "url(#\(name))"
  }

  // MARK: Legend

  /// Keys with their names, as many in a row as fit; moves down.
  mutating func legend(_ items: [(name: String, draw: (inout Drawing, Double, Double) -> Void)]) {
    let (keyWidth, gap, size) = (28.0, 12.0, Self.textSize)
    var x = 4.0
    y += Self.leading
    for item in items {
      let lines = TextWidth.lines(item.name, width: width - 8 - keyWidth, size: size)
      let taken = keyWidth + (lines.map { TextWidth.of($0, size: size) }.max() ?? 0)
      if x > 4 && x + taken > width - 4 {
        x = 4
        y += Self.leading + 1
      }
      item.draw(&self, x, y - 4)
      for (index, line) in lines.enumerated() {
        if index > 0 { y += Self.leading }
        text(line, "", x + keyWidth, y)
      }
      x = lines.count > 1 ? width : x + taken + gap
    }
    y += 8
  }

  // MARK: Result

  /// - Parameter description: what there is to see, for those who do not see it.
  func svg(title: String, description: String, standalone: Bool) -> Markup {
    let height = (y + 4).rounded(.up)
    // A page makes it as wide as its column; elsewhere it is shown a third larger than drawn.
    let size =
      standalone
      ? [("width", Self.number(width / 3 * 4)), ("height", Self.number(height / 3 * 4))]
      : [("width", "100%")]
    var attributes =
      [
        ("class", "dv"), ("viewBox", "0 0 \(Self.number(width)) \(Self.number(height))"),
        ("role", "img"), ("aria-labelledby", "\(identifier)-title \(identifier)-desc"),
      ] + size
    if standalone { attributes.insert(("xmlns", "http://www.w3.org/2000/svg"), at: 0) }
    var children: [Markup] = [
      .tag("title", [("id", "\(identifier)-title")], title),
      .tag("desc", [("id", "\(identifier)-desc")], description),
    ]
    if standalone {
      children.append(.style(Palette.properties + Palette.rules))
    }
    if !definitions.isEmpty { children.append(.tag("defs", [], definitions)) }
    if standalone {
      children.append(
        .tag("rect", [("width", "100%"), ("height", "100%"), ("fill", "var(--page)")]))
    }
    return .tag("svg", attributes, children + elements)
  }

  /// Two digits at most, no exponent.
  static func number(_ value: Double) -> String {
    guard value.isFinite else { return "0" }
    let rounded = (value * 100).rounded() / 100
    if rounded == rounded.rounded() && abs(rounded) < 1e15 { return "\(Int(rounded))" }
    var text = String(format: "%.2f", rounded)
    while text.hasSuffix("0") { text.removeLast() }
    return text
  }
}
