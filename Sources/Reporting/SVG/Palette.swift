/// Colors, markers and dashes. The colors are those of Okabe and Ito (2008), told apart with any
/// color vision; marker and dash say the same once more.
enum Palette {
  static let seriesCount = 7

  /// Custom properties for light and dark; `:root` is the page, or a drawing of its own.
  static let properties = """
    :root{color-scheme:light dark;--page:#ffffff;--ink:#1a1a1a;--soft:#595959;--grid:#dcdcdc;\
    --rule:#8a8a8a;--panel:#f5f6f8;--link:#005a8f;\
    --c0:#0072b2;--c1:#d55e00;--c2:#009e73;--c3:#cc79a7;--c4:#e69f00;--c5:#56b4e9;--c6:#1a1a1a}
    @media (prefers-color-scheme:dark){:root{--page:#14171a;--ink:#ececec;--soft:#b4b8bd;\
    --grid:#363b41;--rule:#8a9096;--panel:#1d2125;--link:#7cc4f2;\
    --c0:#56b4e9;--c1:#e69f00;--c2:#1fbf92;--c3:#cc79a7;--c4:#f0e442;--c5:#d55e00;--c6:#ececec}}

    """

  /// Sizes are in the drawing's own units: 360 across, on a phone about a pixel each.
  static let rules = """
    .dv{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
    .dv text{fill:var(--ink);font-size:\(Drawing.textSize)px;paint-order:stroke;stroke:var(--page);stroke-width:3px;\
    stroke-linejoin:round}
    .dv .title{font-size:\(Drawing.titleSize)px;font-weight:600}
    .dv .group{font-size:\(Drawing.groupSize)px;font-weight:600}
    .dv .small{font-size:\(Drawing.smallSize)px;fill:var(--soft)}
    .dv .soft{fill:var(--soft)}
    .dv .strong{font-weight:600}
    .dv .grid{stroke:var(--grid);stroke-width:1}
    .dv .axis{stroke:var(--rule);stroke-width:1}
    .dv .whisker{stroke:var(--ink);stroke-width:1.5}
    .dv .chance{stroke:var(--ink);stroke-width:1.25;stroke-dasharray:2 3}
    .dv .line{fill:none;stroke-width:2;stroke-linejoin:round}
    .dv .marker{stroke-width:1.5}
    .dv .band{stroke:none;fill-opacity:.16}
    .dv .paper{stroke:var(--c1);stroke-width:1.25}
    .dv image{image-rendering:pixelated}
    .dv .cell{stroke:var(--page);stroke-width:2}
    .dv .hatch{stroke:var(--c1);stroke-width:1.5}
    .dv .dark-on-light{fill:#10131a;stroke:none}
    .dv .light-on-dark{fill:#ffffff;stroke:none}
    .dv .tick-dark{stroke:#10131a;stroke-width:2}
    .dv .tick-light{stroke:#ffffff;stroke-width:2}
    \((0..<seriesCount).map { ".dv .f\($0){fill:var(--c\($0))}.dv .s\($0){stroke:var(--c\($0))}" }
      .joined(separator: "\n"))

    """

  static let dashes = ["", "7 3", "2 3", "9 3 2 3", "4 2", "12 4", "6 2 2 2 2 2"]

  /// Of a line; the second time round a color meets another one.
  static func dash(_ index: Int) -> String {
    dashes[(index + index / seriesCount) % dashes.count]
  }

  /// A shape of about 8 units around a center.
  static func marker(_ index: Int, _ x: Double, _ y: Double) -> Markup {
    let color = index % seriesCount
    // The second time round a color meets another shape.
    let shape = (index + index / seriesCount) % 7
    let attributes = { (path: String, filled: Bool) -> [(String, String)] in
      let fill = filled ? "f\(color) " : ""
      return [("class", "marker \(fill)s\(color)"), ("d", path)]
        + (filled ? [] : [("fill", "none")])
    }
    func polygon(_ points: [(Double, Double)]) -> String {
      "M"
        + points.map { "\(Drawing.number(x + $0.0)) \(Drawing.number(y + $0.1))" }
        .joined(separator: "L") + "Z"
    }
    switch shape {
    case 0:
      return .tag(
        "circle",
        [
          ("class", "marker f\(color) s\(color)"), ("cx", Drawing.number(x)),
          ("cy", Drawing.number(y)), ("r", "3.2"),
        ])
    case 1: return .tag("path", attributes(polygon([(-3, -3), (3, -3), (3, 3), (-3, 3)]), true))
    case 2: return .tag("path", attributes(polygon([(0, -4), (3.8, 3), (-3.8, 3)]), true))
    case 3:
      return .tag("path", attributes(polygon([(0, -4.4), (4.4, 0), (0, 4.4), (-4.4, 0)]), true))
    case 4: return .tag("path", attributes(polygon([(0, 4), (3.8, -3), (-3.8, -3)]), true))
    case 5:
      return .tag(
        "path", attributes(polygon([(-3.2, -3.2), (3.2, -3.2), (3.2, 3.2), (-3.2, 3.2)]), false))
    default:
      let cross =
        "M\(Drawing.number(x - 3.5)) \(Drawing.number(y - 3.5))l7 7m0 -7l-7 7"
      return .tag("path", attributes(cross, false))
    }
  }

  /// Cividis (Nuñez, Anderton and Renslow 2018), nine of its colors, read between them: equally
  /// bright to every color vision.
  private static let cividis: [(Double, Double, Double)] = [
    (0, 32, 77), (15, 52, 110), (64, 77, 107), (97, 101, 111), (124, 123, 120), (154, 146, 116),
    (187, 172, 104), (221, 199, 81), (255, 233, 69),
  ]

  /// - Parameter share: in [0, 1].
  static func heat(_ share: Double) -> (color: String, isLight: Bool) {
    let place = min(max(share, 0), 1) * Double(cividis.count - 1)
    let index = min(Int(place), cividis.count - 2)
    let (a, b, part) = (cividis[index], cividis[index + 1], place - Double(index))
    let mixed = [(a.0, b.0), (a.1, b.1), (a.2, b.2)].map { $0.0 + ($0.1 - $0.0) * part }
    let brightness = 0.299 * mixed[0] + 0.587 * mixed[1] + 0.114 * mixed[2]
    let parts = mixed.map { "\(Int($0.rounded()))" }
    return ("rgb(\(parts.joined(separator: ",")))", brightness > 118)
  }
}
