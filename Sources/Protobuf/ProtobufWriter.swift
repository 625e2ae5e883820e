/// A protobuf message as it is written: the wire types that event files and ONNX models need.
package struct ProtobufWriter {
  package private(set) var bytes: [UInt8] = []

  package init() {}

  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  private mutating func key(_ field: Int, _ wireType: UInt64) {
    varint(UInt64(field) << 3 | wireType)
  }

  package mutating func add(_ field: Int, int64 value: Int64) {
    key(field, 0)
    varint(UInt64(bitPattern: value))
  }

  package mutating func add(_ field: Int, double value: Double) {
    key(field, 1)
    bytes.append(littleEndian: value.bitPattern)
  }

  package mutating func add(_ field: Int, float value: Float) {
    key(field, 5)
    bytes.append(littleEndian: value.bitPattern)
  }

  package mutating func add(_ field: Int, string value: String) {
    add(field, bytes: Array(value.utf8))
  }

  package mutating func add(_ field: Int, message: ProtobufWriter) {
    add(field, bytes: message.bytes)
  }

  package mutating func add(_ field: Int, bytes content: [UInt8]) {
    key(field, 2)
    varint(UInt64(content.count))
    bytes += content
  }
}

extension [UInt8] {
  package mutating func append(littleEndian value: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }
}
