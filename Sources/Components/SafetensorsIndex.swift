import Files

/// What a safetensors file of any types holds, without its values.
public struct SafetensorsIndex: Sendable {
  /// The type of a tensor's elements, as the format names it.
  public enum DType: String, Codable, Sendable, CaseIterable {
    case bool = "BOOL"
    case u8 = "U8"
    case i8 = "I8"
    case u16 = "U16"
    case i16 = "I16"
    case u32 = "U32"
    case i32 = "I32"
    case u64 = "U64"
    case i64 = "I64"
    case f4 = "F4"
    case f6e2m3 = "F6_E2M3"
    case f6e3m2 = "F6_E3M2"
    case f8e5m2 = "F8_E5M2"
    case f8e4m3 = "F8_E4M3"
    case f8e8m0 = "F8_E8M0"
    case f16 = "F16"
    case bf16 = "BF16"
    case f32 = "F32"
    case f64 = "F64"
    case c64 = "C64"

    /// Whether `entry` reads it.
    public var isFloat: Bool { [.f16, .bf16, .f32, .f64].contains(self) }

    /// Size of one element.
    public var bits: Int {
      switch self {
      case .f4: 4
      case .f6e2m3, .f6e3m2: 6
      case .bool, .u8, .i8, .f8e5m2, .f8e4m3, .f8e8m0: 8
      case .u16, .i16, .f16, .bf16: 16
      case .u32, .i32, .f32: 32
      case .u64, .i64, .f64, .c64: 64
      }
    }
  }

  /// One tensor: all but its values.
  public struct Item: Sendable {
    /// Its key in the header.
    public let name: String
    /// The type of its elements.
    public let dtype: DType
    /// Sizes, the slowest index first; none for a scalar.
    public let shape: [Int]
    /// Where its bytes lie in the file, counted from the file's first.
    public let range: Range<Int>
  }

  /// A longer header is refused: 16 MiB.
  public static let maximumHeaderBytes = 16 << 20

  /// In the order of their bytes.
  public let items: [Item]
  /// The header's `__metadata__`; empty where there is none.
  public let metadata: [String: String]

  /// Reads the header; values stay in `bytes`.
  /// - Parameter bytes: the whole file.
  /// - Throws: `SafetensorsError` where it is no safetensors file (another known format is named),
  ///   its header is above 16 MiB or no strict JSON, or its tensors do not cover the data exactly.
  public init(bytes: [UInt8]) throws(SafetensorsError) {
    guard !bytes.isEmpty else { throw SafetensorsError("the file is empty") }
    if let other = OtherWeightFile.name(bytes) { throw SafetensorsError(other) }
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
    var metadata: [String: String] = [:]
    var items: [Item] = []
    for (name, value) in entries {
      if name == "__metadata__" {
        metadata = try Self.readMetadata(value)
      } else {
        items.append(try Self.readItem(name, value, data: data, end: bytes.count))
      }
    }
    items.sort {
      ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
    }
    // Tensors that overlap could ask for far more than the file holds.
    try Self.checkCover(items, data: data, end: bytes.count)
    self.items = items
    self.metadata = metadata
  }

  /// The values of a tensor of floats, as 32-bit ones.
  /// - Precondition: `bytes` are the file's; the type is one that `isFloat`.
  public func entry(_ item: Item, in bytes: [UInt8]) -> SafetensorsFile.Entry {
    func values<Bits: FixedWidthInteger>(_ value: (Bits) -> Float) -> [Float] {
      let size = MemoryLayout<Bits>.size
      let start = item.range.lowerBound
      return bytes.withUnsafeBytes { bytes in
        (0..<item.range.count / size).map { index in
          let bits = bytes.loadUnaligned(fromByteOffset: start + size * index, as: Bits.self)
          return value(Bits(littleEndian: bits))
        }
      }
    }
    let read: [Float] =
      switch item.dtype {
      case .f32: values { (bits: UInt32) in Float(bitPattern: bits) }
      case .f64: values { (bits: UInt64) in Float(Double(bitPattern: bits)) }
      case .bf16: values { (bits: UInt16) in Float(bitPattern: UInt32(bits) << 16) }
      case .f16: values(Self.half)
      default: preconditionFailure("entry: \(item.name) is \(item.dtype.rawValue)")
      }
    return SafetensorsFile.Entry(shape: item.shape, values: read)
  }

  /// IEEE 754's binary16, exact in 32 bits.
  private static func half(_ bits: UInt16) -> Float {
    let sign: Float = bits >> 15 == 0 ? 1 : -1
    let fraction = Float(bits & 0x3FF)
    switch bits >> 10 & 0x1F {
    case 0: return sign * fraction * 0x1p-24
    case 31: return fraction == 0 ? sign * .infinity : .nan
    case let exponent:
      return sign * Float(sign: .plus, exponent: Int(exponent) - 25, significand: 1024 + fraction)
    }
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

  private static func readItem(
    _ name: String, _ value: StrictJSON, data: Int, end: Int
  ) throws(SafetensorsError) -> Item {
    let available = end - data
    func fail(_ problem: String) -> SafetensorsError {
      SafetensorsError("tensor “\(name)”: \(problem)")
    }
    guard case .object(let fields) = value,
      Set(fields.map(\.key)) == ["dtype", "shape", "data_offsets"]
    else { throw fail("expected exactly dtype, shape and data_offsets") }
    var dtype = DType.f32
    var shape: [Int] = []
    var offsets: [Int] = []
    for (key, value) in fields {
      switch (key, value) {
      case ("dtype", .string(let text)):
        guard let known = DType(rawValue: text) else { throw fail("unknown dtype “\(text)”") }
        dtype = known
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
    var bits = dtype.bits
    // A size of 0 makes the tensor empty, whatever the others are.
    for dimension in shape.contains(0) ? [0] : shape {
      let (product, overflow) = bits.multipliedReportingOverflow(by: dimension)
      if overflow { throw fail("shape \(shape) is too large") }
      bits = product
    }
    guard bits % 8 == 0 else { throw fail("shape \(shape) is no whole number of bytes") }
    guard bits / 8 == offsets[1] - offsets[0] else {
      throw fail(
        "shape \(shape) needs \(bits / 8) bytes, data_offsets give \(offsets[1] - offsets[0])")
    }
    return Item(
      name: name, dtype: dtype, shape: shape, range: data + offsets[0]..<data + offsets[1])
  }

  /// In the order of their bytes, the tensors cover the data with no hole and no overlap.
  private static func checkCover(
    _ items: [Item], data: Int, end available: Int
  ) throws(SafetensorsError) {
    var end = data
    for item in items {
      guard item.range.lowerBound == end else {
        throw SafetensorsError(
          "tensor “\(item.name)” begins at \(item.range.lowerBound - data), expected \(end - data): "
            + (item.range.lowerBound < end ? "tensors overlap" : "there is a hole"))
      }
      end = item.range.upperBound
    }
    guard end == available else {
      throw SafetensorsError("\(available - end) bytes stand behind the last tensor")
    }
  }
}
