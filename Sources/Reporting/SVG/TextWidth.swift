/// How wide a text is: an estimate on the wide side, as the reader's font is not known.
enum TextWidth {
  static func of(_ text: String, size: Double) -> Double {
    text.reduce(0) { $0 + share(of: $1) } * size
  }

  /// Of the font's size; DejaVu Sans, a wide one, was the model.
  private static func share(of character: Character) -> Double {
    switch character {
    case " ", "\u{a0}": return 0.33
    case "i", "j", "l", "I", ".", ",", ":", ";", "'", "|", "!", "(", ")", "[", "]", "/", "-", "t",
      "f", "r":
      return 0.4
    case "m", "w", "M", "W", "%", "@", "+", "±", "−", "=", "↔", "→": return 0.95
    case "0"..."9": return 0.64
    case "A"..."Z": return 0.72
    default:
      // Han, kana, Hangul and pictures are square.
      return character.unicodeScalars.contains { $0.value >= 0x2E80 } ? 1.05 : 0.63
    }
  }

  /// Where a text may be broken: at spaces, and after hyphens between letters.
  static func words(_ text: String) -> [(text: String, isAfterSpace: Bool)] {
    var words: [(String, Bool)] = []
    for word in text.split(whereSeparator: { $0 == " " || $0.isNewline }) {
      var rest = word
      var isFirst = true
      while let hyphen = rest.dropFirst().firstIndex(of: "-"),
        rest[..<hyphen].last?.isLetter == true,
        rest[rest.index(after: hyphen)...].first?.isLetter == true
      {
        words.append((String(rest[...hyphen]), isFirst))
        rest = rest[rest.index(after: hyphen)...]
        isFirst = false
      }
      words.append((String(rest), isFirst))
    }
    return words
  }

  /// Broken where `words` may be, and within a word that is too long for a line.
  static func lines(_ text: String, width: Double, size: Double) -> [String] {
    var lines: [String] = []
    var line = ""
    for (word, isAfterSpace) in words(text) {
      let joined = line.isEmpty || !isAfterSpace ? line + word : "\(line) \(word)"
      if of(joined, size: size) <= width {
        line = joined
        continue
      }
      if !line.isEmpty { lines.append(line) }
      line = ""
      for character in word {
        if !line.isEmpty && of(line + String(character), size: size) > width {
          lines.append(line)
          line = ""
        }
        line.append(character)
      }
    }
    if !line.isEmpty { lines.append(line) }
    return lines
  }
}
