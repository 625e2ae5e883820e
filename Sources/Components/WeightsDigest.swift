package import Files

extension Digest {
  /// Of weights: for each tensor, in the byte order of names, its name, a zero byte, its shape as
  /// `[16,3,3,3]`, a zero byte, its values as little-endian 32-bit floats, row-major. Metadata are
  /// no part of it: a component keeps its digest when something is learned about it.
  package static func weights(_ tensors: [String: SafetensorsFile.Entry]) -> String {
    var builder = Builder()
    for (name, entry) in tensors.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) })
    {
      let shape = entry.shape.map(String.init).joined(separator: ",")
      builder.add(Array("\(name)\0[\(shape)]\0".utf8))
      entry.withLittleEndianBytes { builder.add($0) }
    }
    return builder.hex
  }
}
