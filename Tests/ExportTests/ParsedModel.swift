import Foundation

/// An ONNX file as the specification reads it (onnx.proto): written without our writer, so that it
/// can say whether that one is right.
struct ParsedModel {
  var irVersion: UInt64 = 0
  var operatorSet: UInt64 = 0
  var metadata: [String: String] = [:]
  var nodes: [Node] = []
  var constants: [String: Values] = [:]
  /// Sizes, or the names of free ones.
  var inputs: [String: [String]] = [:]
  var outputs: [String: [String]] = [:]

  struct Node {
    var operation = ""
    var inputs: [String] = []
    var outputs: [String] = []
    var integers: [String: [Int]] = [:]
    var floats: [String: Float] = [:]
  }

  /// A tensor, row-major.
  struct Values {
    var shape: [Int]
    var numbers: [Double]
  }

  /// What stands in a field of a message.
  enum Content {
    case number(UInt64)
    case bytes(ArraySlice<UInt8>)

    var number: UInt64 {
      guard case .number(let value) = self else { fatalError("bytes where a number should be") }
      return value
    }
    var bytes: ArraySlice<UInt8> {
      guard case .bytes(let value) = self else { fatalError("a number where bytes should be") }
      return value
    }
    var text: String { String(decoding: bytes, as: UTF8.self) }
    var fields: [(Int, Content)] { ParsedModel.fields(bytes) }
  }

  init(_ file: [UInt8]) {
    for (field, content) in Self.fields(file[...]) {
      switch field {
      case 1: irVersion = content.number
      case 7: read(graph: content.fields)
      case 8: operatorSet = content.fields.first { $0.0 == 2 }!.1.number
      case 14:
        let entry = content.fields.map(\.1.text)
        metadata[entry[0]] = entry[1]
      default: break
      }
    }
  }

  private mutating func read(graph: [(Int, Content)]) {
    for (field, content) in graph {
      switch field {
      case 1: nodes.append(Self.node(content.fields))
      case 5:
        let (name, values) = Self.tensor(content.fields)
        constants[name] = values
      case 11, 12:
        let name = content.fields.first { $0.0 == 1 }!.1.text
        let type = content.fields.first { $0.0 == 2 }!.1.fields[0].1.fields
        let sizes = type.first { $0.0 == 2 }!.1.fields.map { dimension in
          let (kind, size) = dimension.1.fields[0]
          return kind == 1 ? "\(size.number)" : size.text
        }
        if field == 11 { inputs[name] = sizes } else { outputs[name] = sizes }
      default: break
      }
    }
  }

  private static func node(_ fields: [(Int, Content)]) -> Node {
    var node = Node()
    for (field, content) in fields {
      switch field {
      case 1: node.inputs.append(content.text)
      case 2: node.outputs.append(content.text)
      case 4: node.operation = content.text
      case 5:
        let attribute = content.fields
        let name = attribute.first { $0.0 == 1 }!.1.text
        let integers = attribute.filter { $0.0 == 3 || $0.0 == 8 }
        let float = attribute.first { $0.0 == 2 }
        // Type: 1 a float, 2 an integer, 7 integers.
        let type = attribute.first { $0.0 == 20 }!.1.number
        precondition(type == (float != nil ? 1 : attribute.contains { $0.0 == 3 } ? 2 : 7))
        if let float { node.floats[name] = Float(bitPattern: UInt32(float.1.number)) }
        if !integers.isEmpty {
          node.integers[name] = integers.map { Int(Int64(bitPattern: $0.1.number)) }
        }
      default: break
      }
    }
    return node
  }

  private static func tensor(_ fields: [(Int, Content)]) -> (String, Values) {
    let shape = fields.filter { $0.0 == 1 }.map { Int($0.1.number) }
    let type = fields.first { $0.0 == 2 }!.1.number
    let raw = Array(fields.first { $0.0 == 9 }!.1.bytes)
    let size = type == 1 ? 4 : 8
    precondition(type == 1 || type == 7, "floats or 64-bit integers")
    let numbers = stride(from: 0, to: raw.count, by: size).map { start in
      let bits = (0..<size).reduce(UInt64(0)) { $0 | UInt64(raw[start + $1]) << (8 * $1) }
      return type == 1
        ? Double(Float(bitPattern: UInt32(bits))) : Double(Int64(bitPattern: bits))
    }
    precondition(numbers.count == shape.reduce(1, *), "as many values as the shape says")
    return (
      fields.first { $0.0 == 8 }!.1.text, Values(shape: shape, numbers: numbers)
    )
  }

  /// A message's fields in their order.
  private static func fields(_ message: ArraySlice<UInt8>) -> [(Int, Content)] {
    var rest = message
    func varint() -> UInt64 {
      var value: UInt64 = 0
      var shift = 0
      while true {
        let byte = rest.removeFirst()
        value |= UInt64(byte & 0x7F) << shift
        if byte < 0x80 { return value }
        shift += 7
      }
    }
    func fixed(_ count: Int) -> UInt64 {
      (0..<count).reduce(UInt64(0)) { $0 | UInt64(rest.removeFirst()) << (8 * $1) }
    }
    var found: [(Int, Content)] = []
    while !rest.isEmpty {
      let key = varint()
      let content: Content
      switch key & 7 {
      case 0: content = .number(varint())
      case 1: content = .number(fixed(8))
      case 5: content = .number(fixed(4))
      default:
        let count = Int(varint())
        content = .bytes(rest.prefix(count))
        rest = rest.dropFirst(count)
      }
      found.append((Int(key >> 3), content))
    }
    return found
  }
}
