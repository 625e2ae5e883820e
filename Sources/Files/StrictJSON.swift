/// A JSON reader for files that are not trusted. Unlike Foundation's it refuses equal keys, tells
/// integers from other numbers by their spelling (`1.0` and `1e2` are none), and bounds its depth.
package indirect enum StrictJSON: Equatable, Sendable {
  case null
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case array([StrictJSON])
  /// In the order of the text.
  case object([(key: String, value: StrictJSON)])

  package struct Failure: Error, Equatable, Sendable {
    package let byte: Int
    package let problem: String
  }

  package static func parse(_ bytes: ArraySlice<UInt8>) throws(Failure) -> StrictJSON {
    var parser = Parser(bytes: bytes, at: bytes.startIndex)
    let value = try parser.value(depth: 0)
    parser.skipSpace()
    guard parser.at == bytes.endIndex else { throw parser.failure("text after the value") }
    return value
  }

  package static func == (a: StrictJSON, b: StrictJSON) -> Bool {
    switch (a, b) {
    case (.null, .null): true
    case (.bool(let x), .bool(let y)): x == y
    case (.integer(let x), .integer(let y)): x == y
    case (.number(let x), .number(let y)): x == y
    case (.string(let x), .string(let y)): x == y
    case (.array(let x), .array(let y)): x == y
    case (.object(let x), .object(let y)):
      x.count == y.count && zip(x, y).allSatisfy { $0.key == $1.key && $0.value == $1.value }
    default: false
    }
  }

  private struct Parser {
    static let maximumDepth = 16
    let bytes: ArraySlice<UInt8>
    var at: Int

    func failure(_ problem: String) -> Failure {
      Failure(byte: at - bytes.startIndex, problem: problem)
    }

    var next: UInt8? { at < bytes.endIndex ? bytes[at] : nil }

    mutating func skipSpace() {
      while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
        at += 1
      }
    }

    mutating func expect(_ character: Character) throws(Failure) {
      guard next == character.asciiValue else {
        throw failure("expected “\(character)”")
      }
      at += 1
    }

    mutating func word(_ text: StaticString, _ value: StrictJSON) throws(Failure) -> StrictJSON {
      for byte in text.description.utf8 {
        guard next == byte else { throw failure("expected a value") }
        at += 1
      }
      return value
    }

    mutating func value(depth: Int) throws(Failure) -> StrictJSON {
      guard depth < Self.maximumDepth else {
        throw failure("nested deeper than \(Self.maximumDepth)")
      }
      skipSpace()
      switch next {
      case UInt8(ascii: "{"): return try object(depth: depth)
      case UInt8(ascii: "["): return try array(depth: depth)
      case UInt8(ascii: "\""): return .string(try string())
      case UInt8(ascii: "t"): return try word("true", .bool(true))
      case UInt8(ascii: "f"): return try word("false", .bool(false))
      case UInt8(ascii: "n"): return try word("null", .null)
      default: return try number()
      }
    }

    mutating func object(depth: Int) throws(Failure) -> StrictJSON {
      try expect("{")
      var entries: [(key: String, value: StrictJSON)] = []
      var keys: Set<String> = []
      skipSpace()
      if next == UInt8(ascii: "}") {
        at += 1
        return .object([])
      }
      while true {
        skipSpace()
        let key = try string()
        guard keys.insert(key).inserted else { throw failure("the key “\(key)” stands twice") }
        skipSpace()
        try expect(":")
        entries.append((key, try value(depth: depth + 1)))
        skipSpace()
        if next == UInt8(ascii: ",") {
          at += 1
          continue
        }
        try expect("}")
        return .object(entries)
      }
    }

    mutating func array(depth: Int) throws(Failure) -> StrictJSON {
      try expect("[")
      var values: [StrictJSON] = []
      skipSpace()
      if next == UInt8(ascii: "]") {
        at += 1
        return .array([])
      }
      while true {
        values.append(try value(depth: depth + 1))
        skipSpace()
        if next == UInt8(ascii: ",") {
          at += 1
          continue
        }
        try expect("]")
        return .array(values)
      }
    }

    mutating func string() throws(Failure) -> String {
      try expect("\"")
      var text: [UInt8] = []
      while let byte = next {
        at += 1
        switch byte {
        case UInt8(ascii: "\""):
          guard let string = String(validating: text, as: UTF8.self) else {
            throw failure("a string is not UTF-8")
          }
          return string
        case UInt8(ascii: "\\"): text += try escape()
        case 0..<0x20: throw failure("a control character in a string")
        default: text.append(byte)
        }
      }
      throw failure("a string has no end")
    }

    mutating func escape() throws(Failure) -> [UInt8] {
      guard let byte = next else { throw failure("a string has no end") }
      at += 1
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
      case UInt8(ascii: "b"): return [0x08]
      case UInt8(ascii: "f"): return [0x0C]
      case UInt8(ascii: "n"): return [0x0A]
      case UInt8(ascii: "r"): return [0x0D]
      case UInt8(ascii: "t"): return [0x09]
      case UInt8(ascii: "u"):
        let first = try hexadecimal()
        if 0xDC00...0xDFFF ~= first { throw failure("a lone surrogate") }
        var scalar = first
        if 0xD800...0xDBFF ~= first {
          try expect("\\")
          try expect("u")
          let second = try hexadecimal()
          guard 0xDC00...0xDFFF ~= second else { throw failure("a lone surrogate") }
          scalar = 0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)
        }
        return Array(String(Unicode.Scalar(scalar)!).utf8)
      default: throw failure("an unknown escape")
      }
    }

    mutating func hexadecimal() throws(Failure) -> UInt32 {
      var value: UInt32 = 0
      for _ in 0..<4 {
        guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
          throw failure("expected four hexadecimal digits")
        }
        value = value * 16 + UInt32(digit)
        at += 1
      }
      return value
    }

    mutating func number() throws(Failure) -> StrictJSON {
      let start = at
      if next == UInt8(ascii: "-") { at += 1 }
      let digits = at
      while let byte = next, 0x30...0x39 ~= byte { at += 1 }
      guard at > digits else { throw failure("expected a value") }
      if bytes[digits] == 0x30 && at - digits > 1 { throw failure("a number starts with 0") }
      var isInteger = true
      while let byte = next,
        0x30...0x39 ~= byte || "+-.eE".utf8.contains(byte)
      {
        isInteger = false
        at += 1
      }
      let text = String(decoding: bytes[start..<at], as: UTF8.self)
      // “-0” is a float in every reader that tells them apart.
      if isInteger && text != "-0" {
        guard let value = Int(text) else { throw failure("an integer is too large") }
        return .integer(value)
      }
      guard let last = text.utf8.last, 0x30...0x39 ~= last, let value = Double(text),
        value.isFinite
      else { throw failure("“\(text)” is not a number") }
      return .number(value)
    }
  }
}
