/// A safetensors file that is not one: what, where, expected and got.
public struct SafetensorsError: Error, CustomStringConvertible, Sendable, Equatable {
  /// What is wrong, where, expected and got.
  public let problem: String

  init(_ problem: String) { self.problem = problem }

  public var description: String { "not a valid safetensors file: \(problem)" }
}

/// A safetensors file of 32-bit floats in memory: named tensors and string metadata. Strict both
/// ways; equal content gives equal bytes.
public struct SafetensorsFile: Equatable, Sendable {
  /// One tensor of 32-bit floats.
  public struct Entry: Equatable, Sendable {
    /// Sizes, the slowest index first; none for a scalar.
    public var shape: [Int]
    /// As many as the shape has elements, row-major.
    public var values: [Float]

    /// - Precondition: as many values as the shape has elements.
    public init(shape: [Int], values: [Float]) {
      // A size of 0 makes it empty, whatever the product of the others would be.
      let count = shape.contains(0) ? 0 : shape.reduce(1, *)
      precondition(
        shape.allSatisfy { $0 >= 0 } && count == values.count,
        "a tensor of shape \(shape) with \(values.count) values")
      self.shape = shape
      self.values = values
    }

    /// The values as they stand in a file.
    func withLittleEndianBytes(_ body: (UnsafeRawBufferPointer) -> Void) {
      #if _endian(little)
        values.withUnsafeBytes(body)
      #else
        values.map { $0.bitPattern.littleEndian }.withUnsafeBytes(body)
      #endif
    }
  }

  /// By name.
  public var tensors: [String: Entry]
  /// The header's `__metadata__`.
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
    for (_, entry) in sorted { entry.withLittleEndianBytes { file.append(contentsOf: $0) } }
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

  /// - Throws: `SafetensorsError` for whatever the format does not allow, and for tensors that are
  ///   not of 32-bit floats; nothing larger than the file is allocated.
  public init(bytes: [UInt8]) throws(SafetensorsError) {
    let index = try SafetensorsIndex(bytes: bytes)
    metadata = index.metadata
    tensors = [:]
    for item in index.items {
      guard item.dtype == .f32 else {
        throw SafetensorsError("tensor “\(item.name)”: dtype “\(item.dtype.rawValue)” is not F32")
      }
      tensors[item.name] = index.entry(item, in: bytes)
    }
  }
}
