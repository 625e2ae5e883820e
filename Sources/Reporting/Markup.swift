/// A tree of HTML or SVG elements; whatever it holds is escaped when it is written.
indirect enum Markup {
  case element(String, [(String, String)], [Markup])
  case text(String)
  /// A style sheet: written as it is, so it holds none of < > & .
  case style(String)

  /// As both XML and HTML readers take it: `<meta/>`, but `<td></td>`.
  var source: String {
    var text = ""
    write(to: &text)
    return text
  }

  private static let void: Set<String> = [
    "meta", "br", "hr", "path", "rect", "line", "circle", "polygon", "polyline", "image",
  ]

  private func write(to output: inout String) {
    switch self {
    case .text(let text): output += Self.escaped(text)
    case .style(let sheet): output += "<style>\(sheet)</style>"
    case .element(let name, let attributes, let children):
      output += "<\(name)"
      for (key, value) in attributes { output += " \(key)=\"\(Self.escaped(value))\"" }
      if Self.void.contains(name) && children.isEmpty {
        output += "/>"
        return
      }
      output += ">"
      for child in children { child.write(to: &output) }
      output += "</\(name)>"
      if Self.block.contains(name) { output += "\n" }
    }
  }

  /// Followed by a new line, so that a person can read the source.
  private static let block: Set<String> = [
    "p", "h1", "h2", "h3", "tr", "li", "section", "header", "nav", "table", "thead", "tbody",
    "figure", "svg", "g", "dl", "div", "details", "main", "head", "body", "title", "desc", "defs",
  ]

  /// Characters that XML 1.0 has no way to write become U+FFFD.
  static func escaped(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result.append(contentsOf: "&amp;".unicodeScalars)
      case "<": result.append(contentsOf: "&lt;".unicodeScalars)
      case ">": result.append(contentsOf: "&gt;".unicodeScalars)
      case "\"": result.append(contentsOf: "&quot;".unicodeScalars)
      case "\t", "\n", "\r": result.append(scalar)
      case "\u{0}"..."\u{1f}", "\u{7f}"..."\u{9f}", "\u{fffe}", "\u{ffff}":
        result.append("\u{fffd}")
      default: result.append(scalar)
      }
    }
    return String(result)
  }
}

extension Markup {
  static func tag(
    _ name: String, _ attributes: [(String, String)] = [], _ children: [Markup] = []
  ) -> Markup {
    .element(name, attributes, children)
  }

  static func tag(
    _ name: String, _ attributes: [(String, String)] = [], _ text: String
  ) -> Markup {
    .element(name, attributes, [.text(text)])
  }
}
