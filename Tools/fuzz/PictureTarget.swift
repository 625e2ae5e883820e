/// Called by libFuzzer with whatever it thinks of. A picture is decoded to its size or refused; what
/// stands in EXIF data is one of eight orientations.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = UnsafeRawBufferPointer(start: start, count: count)
  let orientation = Exif.orientation(bytes.piece(0, count))
  precondition((1...8).contains(orientation.value), "an orientation that there is not")
  for size in [3, 32] {
    guard let square = try? Picture.square(bytes, PictureForm(size: size)) else { continue }
    precondition(square.count == size * size * 3, "a square of another size")
  }
  return 0
}
