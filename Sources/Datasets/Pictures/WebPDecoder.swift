import CWebP

/// WebP, lossy and lossless, by libwebp; of an animation the first frame, on its canvas.
/// Orientation from the chunk EXIF.
enum WebPDecoder: PictureDecoder {
  static let name = "WebP"
  static let extensions = ["webp"]

  static func recognizes(_ file: UnsafeRawBufferPointer) -> Bool {
    file.says("RIFF") && file.says("WEBP", at: 8)
  }

  static func header(_ file: UnsafeRawBufferPointer) throws(PictureFailure) -> PictureHeader {
    var width: Int32 = 0
    var height: Int32 = 0
    var scalable: Int32 = 0
    var perPixel: Int32 = 0
    try calling(DOVETAIL_WEBP_MESSAGE) {
      dovetail_webp_header(
        file.baseAddress, file.count, &width, &height, &scalable, &perPixel, $0)
    }
    // What cannot be decoded smaller comes as RGBA, all at once.
    let held = Int(perPixel) + (scalable == 0 ? 4 : 0)
    return PictureHeader(
      width: Int(width), height: Int(height), orientation: orientation(file),
      mostShrink: scalable != 0 ? 8 : 1,
      held: PictureHeader.bytes(Int(width), Int(height), perPixel: held))
  }

  static func decode(
    _ file: UnsafeRawBufferPointer, _ header: PictureHeader, shrink: Int, to rows: PictureRows
  ) throws(PictureFailure) {
    try calling(DOVETAIL_WEBP_MESSAGE) {
      dovetail_webp_decode(
        file.baseAddress, file.count, Int32(header.width), Int32(header.height), Int32(shrink),
        PictureRows.give, rows.context, $0)
    }
  }

  private static func orientation(_ file: UnsafeRawBufferPointer) -> Orientation {
    var at = 12
    while let length = file.littleEndian(at + 4, 4) {
      if file.says("EXIF", at: at) { return Exif.orientation(file.piece(at + 8, length)) }
      // Name, length, data to an even number of bytes.
      at += 8 + length + length % 2
    }
    return .upright
  }
}
