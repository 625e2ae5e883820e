import Foundation

/// JSON that is the same text for the same value: keys sorted, slashes as they are.
package enum CanonicalJSON {
  /// On one line, without a newline at its end.
  package static func line(_ value: some Encodable) throws -> [UInt8] {
    [UInt8](try encoder(pretty: false).encode(value))
  }

  package static func text(_ value: some Encodable) throws -> String {
    String(decoding: try line(value), as: UTF8.self)
  }

  /// On several lines, with a newline at its end.
  /// - Parameter nonFinite: whether numbers may be infinite or no numbers; they are “inf”, “-inf”
  ///   and “nan” then.
  package static func file(_ value: some Encodable, nonFinite: Bool = false) throws -> [UInt8] {
    let encoder = encoder(pretty: true)
    if nonFinite {
      encoder.nonConformingFloatEncodingStrategy = .convertToString(
        positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    }
    return [UInt8](try encoder.encode(value)) + [UInt8(ascii: "\n")]
  }

  private static func encoder(pretty: Bool) -> JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if pretty { encoder.outputFormatting.insert(.prettyPrinted) }
    return encoder
  }
}
