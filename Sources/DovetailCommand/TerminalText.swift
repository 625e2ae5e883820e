/// Text on a terminal: how many columns it takes, cut and broken to fit.
enum TerminalText {
  /// Columns of a text: Han, kana, Hangul and pictures take two.
  static func width(of text: String) -> Int {
    text.reduce(0) { $0 + width(of: $1) }
  }

  private static func width(of character: Character) -> Int {
    let scalars = character.unicodeScalars
    guard let first = scalars.first else { return 0 }
    if first.properties.isEmojiPresentation { return 2 }
    switch first.value {
    case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
      0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x20000...0x3FFFD:
      return 2
    default: return 1
    }
  }

  /// The beginning of a text, with “…” where something was cut off.
  static func cut(_ text: String, to columns: Int) -> String {
    guard width(of: text) > columns else { return text }
    var result = ""
    var used = 0
    for character in text {
      used += width(of: character)
      if used > columns - 1 { break }
      result.append(character)
    }
    return result + "…"
  }

  /// With spaces behind it, or before it.
  static func padded(_ text: String, to columns: Int, atEnd: Bool = true) -> String {
    let space = String(repeating: " ", count: max(0, columns - width(of: text)))
    return atEnd ? text + space : space + text
  }

  /// Lines that are too long are broken between words, the rest as far in as they are. Commands stay
  /// whole, so that they can be copied.
  static func wrapped(_ text: String, to columns: Int) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false)
      .map { wrapped(line: String($0), to: columns) }.joined(separator: "\n")
  }

  private static func wrapped(line: String, to columns: Int) -> String {
    guard width(of: line) > columns, !isCommand(line) else { return line }
    let indent = String(line.prefix { $0 == " " })
    guard indent.count < columns / 2 else { return line }
    var lines: [String] = []
    var current = indent
    for word in line.dropFirst(indent.count).split(separator: " ", omittingEmptySubsequences: false)
    {
      let joined = current.count == indent.count ? current + word : "\(current) \(word)"
      if width(of: joined) <= columns || current.count == indent.count {
        current = joined
      } else {
        lines.append(current)
        current = indent + word
      }
    }
    lines.append(current)
    return lines.joined(separator: "\n")
  }

  /// As examples and next steps are written: two spaces, then the program.
  private static func isCommand(_ line: String) -> Bool {
    line.hasPrefix("  ") && line.drop { $0 == " " }.hasPrefix(Invocation.name + " ")
  }
}
