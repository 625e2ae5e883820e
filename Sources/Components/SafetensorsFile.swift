import Foundation

/// A safetensors file that is not one: what, where, expected and got.
public struct SafetensorsError: Error, CustomStringConvertible, Sendable, Equatable {
  public let problem: String

  init(_ problem: String) { self.problem = problem }

  public var description: String { "not a valid safetensors file: \(problem)" }
}

/// A safetensors file of 32-bit floats in memory: named tensors and string metadata. Strict both
/// ways; equal content gives equal bytes.
public struct SafetensorsFile: Equatable, Sendable {
  public struct Entry: Equatable, Sendable {
    public var shape: [Int]
    /// Row-major.
    public var values: [Float]

    /// - Precondition: as many values as the shape has elements.
    public init(shape: [Int], values: [Float]) {
      precondition(
        shape.allSatisfy { $0 >= 0 } && shape.reduce(1, *) == values.count,
        "a tensor of shape \(shape) with \(values.count) values")
      self.shape = shape
      self.values = values
    }
  }

  public static let maximumHeaderBytes = 16 << 20

  public var tensors: [String: Entry]
  public var metadata: [String: String]

  public init(tensors: [String: Entry], metadata: [String: String]) {
    self.tensors = tensors
    self.metadata = metadata
  }

  // MARK: Writing

  /// The file: tensors by name, metadata by key, header padded with spaces to a multiple of 8.
  public var bytes: [UInt8] {
    var items: [String] = []
    if !metadata.isEmpty {
      let pairs = metadata.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map {
        "\(quoted($0.key)):\(quoted($0.value))"
      }
      items.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
    }
    var offset = 0
    let sorted = tensors.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    for (name, entry) in sorted {
      let end = offset + entry.values.count * 4
      let shape = entry.shape.map(String.init).joined(separator: ",")
      items.append(
        "\(quoted(name)):{\"dtype\":\"F32\",\"shape\":[\(shape)],"
          + "\"data_offsets\":[\(offset),\(end)]}")
      offset = end
    }
    var header = Array("{\(items.joined(separator: ","))}".utf8)
    header += [UInt8](repeating: 0x20, count: (8 - header.count % 8) % 8)
    var file: [UInt8] = []
    file.reserveCapacity(8 + header.count + offset)
    for shift in 0..<8 { file.append(UInt8(truncatingIfNeeded: header.count >> (8 * shift))) }
    file += header
    for (_, entry) in sorted {
      for value in entry.values {
        let bits = value.bitPattern
        file.append(UInt8(truncatingIfNeeded: bits))
        file.append(UInt8(truncatingIfNeeded: bits >> 8))
        file.append(UInt8(truncatingIfNeeded: bits >> 16))
        file.append(UInt8(truncatingIfNeeded: bits >> 24))
      }
    }
    return file
  }

  private func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case "\0"..<" ":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  // MARK: Reading

  /// - Throws: `SafetensorsError` for whatever the format does not allow; nothing larger than the
  ///   file is allocated.
  public init(bytes: [UInt8]) throws(SafetensorsError) {
    guard !bytes.isEmpty else { throw SafetensorsError("the file is empty") }
    guard bytes.count >= 8 else {
      throw SafetensorsError("expected at least 8 bytes, found \(bytes.count)")
    }
    var length: UInt64 = 0
    for i in (0..<8).reversed() { length = length << 8 | UInt64(bytes[i]) }
    guard length <= Self.maximumHeaderBytes else {
      throw SafetensorsError(
        "its header claims \(length) bytes, more than the limit of \(Self.maximumHeaderBytes)")
    }
    guard Int(length) <= bytes.count - 8 else {
      throw SafetensorsError(
        "its header claims \(length) bytes, only \(bytes.count - 8) are left (truncated?)")
    }
    let data = 8 + Int(length)
    guard length > 0, bytes[8] == UInt8(ascii: "{") else {
      throw SafetensorsError("byte 8: expected the header to begin with “{”")
    }
    let header: StrictJSON
    do {
      header = try StrictJSON.parse(bytes[8..<data])
    } catch {
      throw SafetensorsError("header, byte \(error.byte): \(error.problem)")
    }
    guard case .object(let entries) = header else {
      throw SafetensorsError("the header is not an object")
    }
    tensors = [:]
    metadata = [:]
    var spans: [Span] = []
    for (name, value) in entries {
      if name == "__metadata__" {
        metadata = try Self.readMetadata(value)
        continue
      }
      spans.append(try Self.readSpan(name, value, available: bytes.count - data))
    }
    // Before any value is copied: tensors that overlap could ask for far more than the file holds.
    try Self.checkCover(spans, available: bytes.count - data)
    for span in spans {
      tensors[span.name] = Entry(
        shape: span.shape,
        values: stride(from: data + span.begin, to: data + span.end, by: 4).map {
          Float(
            bitPattern: UInt32(bytes[$0]) | UInt32(bytes[$0 + 1]) << 8
              | UInt32(bytes[$0 + 2]) << 16 | UInt32(bytes[$0 + 3]) << 24)
        })
    }
  }

  /// Where a tensor's bytes lie in the data.
  private struct Span {
    let name: String
    let shape: [Int]
    let begin: Int, end: Int
  }

  private static func readMetadata(
    _ value: StrictJSON
  ) throws(SafetensorsError) -> [String: String] {
    guard case .object(let entries) = value else {
      throw SafetensorsError("__metadata__ is not an object")
    }
    var metadata: [String: String] = [:]
    for (key, value) in entries {
      guard case .string(let text) = value else {
        throw SafetensorsError("__metadata__: the value of “\(key)” is not a string")
      }
      metadata[key] = text
    }
    return metadata
  }

  private static func readSpan(
    _ name: String, _ value: StrictJSON, available: Int
  ) throws(SafetensorsError) -> Span {
    func fail(_ problem: String) -> SafetensorsError {
      SafetensorsError("tensor “\(name)”: \(problem)")
    }
    guard case .object(let fields) = value,
      Set(fields.map(\.key)) == ["dtype", "shape", "data_offsets"]
    else { throw fail("expected exactly dtype, shape and data_offsets") }
    var shape: [Int] = []
    var offsets: [Int] = []
    for (key, value) in fields {
      switch (key, value) {
      case ("dtype", .string("F32")): break
      case ("dtype", .string(let other)): throw fail("dtype “\(other)” is not F32")
      case ("dtype", _): throw fail("dtype is not a string")
      case (_, .array(let items)):
        var numbers: [Int] = []
        for item in items {
          guard case .integer(let number) = item, number >= 0 else {
            throw fail("\(key) has something that is no non-negative integer")
          }
          numbers.append(number)
        }
        if key == "shape" { shape = numbers } else { offsets = numbers }
      default: throw fail("\(key) is not a list")
      }
    }
    guard offsets.count == 2, offsets[0] <= offsets[1], offsets[1] <= available else {
      throw fail("data_offsets \(offsets) do not lie in the \(available) bytes of data")
    }
    var size = 4
    // A size of 0 makes the tensor empty, whatever the others are.
    for dimension in shape.contains(0) ? [0] : shape {
      let (product, overflow) = size.multipliedReportingOverflow(by: dimension)
      if overflow { throw fail("shape \(shape) is too large") }
      size = product
    }
    guard size == offsets[1] - offsets[0] else {
      throw fail("shape \(shape) needs \(size) bytes, data_offsets give \(offsets[1] - offsets[0])")
    }
    return Span(name: name, shape: shape, begin: offsets[0], end: offsets[1])
  }

  /// Sorted, the tensors cover the data from 0 to the end with no hole and no overlap.
  private static func checkCover(
    _ spans: [Span], available: Int
  ) throws(SafetensorsError) {
    var end = 0
    for span in spans.sorted(by: { ($0.begin, $0.end) < ($1.begin, $1.end) }) {
      guard span.begin == end else {
        throw SafetensorsError(
          "tensor “\(span.name)” begins at \(span.begin), expected \(end): "
            + (span.begin < end ? "tensors overlap" : "there is a hole"))
      }
      end = span.end
    }
    guard end == available else {
      throw SafetensorsError("\(available - end) bytes stand behind the last tensor")
    }
  }
}
