import Crypto
package import Foundation

/// SHA-256 in lowercase hexadecimal.
package enum Digest {
  /// Of bytes as they are.
  package static func hex(_ bytes: some DataProtocol) -> String {
    var builder = Builder()
    builder.add(bytes)
    return builder.hex
  }

  /// Does the text look like one of ours: 64 lowercase hexadecimal digits?
  package static func isValid(_ text: String) -> Bool {
    text.utf8.count == 64
      && text.utf8.allSatisfy { 0x30...0x39 ~= $0 || 0x61...0x66 ~= $0 }
  }

  /// Takes what is digested piece by piece.
  package struct Builder {
    private var hash = SHA256()

    package init() {}

    package mutating func add(_ bytes: some DataProtocol) { hash.update(data: bytes) }

    package mutating func add(_ bytes: UnsafeRawBufferPointer) {
      hash.update(bufferPointer: bytes)
    }

    /// Of all that was added so far.
    package var bytes: [UInt8] { Array(hash.finalize()) }

    package var hex: String {
      let digits = Array("0123456789abcdef")
      return bytes.reduce(into: "") {
        $0.append(digits[Int($1 >> 4)])
        $0.append(digits[Int($1 & 15)])
      }
    }
  }
}
