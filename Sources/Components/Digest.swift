import Crypto
public import Foundation

/// SHA-256 in lowercase hexadecimal.
public enum Digest {
  /// Of bytes as they are.
  public static func hex(_ bytes: some DataProtocol) -> String {
    var hash = SHA256()
    hash.update(data: bytes)
    return hex(hash)
  }

  /// Of weights: for each tensor, in the byte order of names, its name, a zero byte, its shape as
  /// `[16,3,3,3]`, a zero byte, its values as little-endian 32-bit floats, row-major. Metadata are
  /// no part of it: a component keeps its digest when something is learnt about it.
  public static func weights(_ tensors: [String: SafetensorsFile.Entry]) -> String {
    var hash = SHA256()
    for (name, entry) in tensors.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) })
    {
      let shape = entry.shape.map(String.init).joined(separator: ",")
      hash.update(data: Array("\(name)\0[\(shape)]\0".utf8))
      entry.withLittleEndianBytes { hash.update(bufferPointer: $0) }
    }
    return hex(hash)
  }

  /// Does the text look like one of ours: 64 lowercase hexadecimal digits?
  public static func isValid(_ text: String) -> Bool {
    text.utf8.count == 64
      && text.utf8.allSatisfy { 0x30...0x39 ~= $0 || 0x61...0x66 ~= $0 }
  }

  private static func hex(_ hash: SHA256) -> String {
    let digits = Array("0123456789abcdef")
    return hash.finalize().reduce(into: "") {
      $0.append(digits[Int($1 >> 4)])
      $0.append(digits[Int($1 & 15)])
    }
  }
}
