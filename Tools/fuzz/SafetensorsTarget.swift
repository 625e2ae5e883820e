/// Called by libFuzzer with whatever it thinks of. The reader may refuse, it may not trap, read
/// beyond the file or ask for more memory than the file explains; what it accepts it has to write
/// and read again alike.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  guard let index = try? SafetensorsIndex(bytes: bytes) else {
    precondition((try? SafetensorsFile(bytes: bytes)) == nil, "refused, then accepted")
    return 0
  }
  var covered = 0
  for item in index.items {
    precondition(item.range.upperBound <= count, "a tensor beyond the file")
    covered += item.range.count
  }
  precondition(covered <= count, "tensors overlap")
  if let file = try? SafetensorsFile(bytes: bytes) {
    let written = file.bytes
    guard let again = try? SafetensorsFile(bytes: written) else {
      preconditionFailure("does not read what it wrote")
    }
    precondition(again.bytes == written, "writes otherwise what it wrote")
  }
  return 0
}
