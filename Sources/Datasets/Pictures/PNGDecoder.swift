import CPNG

/// PNG of all color types and depths, by libpng; an interlaced one is held whole, others go row by
/// row. Orientation from the chunk eXIf.
enum PNGDecoder: PictureDecoder {
  static let name = "PNG"
  static let extensions = ["png"]

  static func recognizes(_ file: UnsafeRawBufferPointer) -> Bool {
    file.bigEndian(0, 4) == 0x8950_4E47
  }

  static func header(_ file: UnsafeRawBufferPointer) throws(PictureFailure) -> PictureHeader {
    var width: Int32 = 0
    var height: Int32 = 0
    var interlaced: Int32 = 0
    try calling(DOVETAIL_PNG_MESSAGE) {
      dovetail_png_header(file.baseAddress, file.count, &width, &height, &interlaced, $0)
    }
    return PictureHeader(
      width: Int(width), height: Int(height), orientation: orientation(file),
      held: interlaced == 0 ? 0 : PictureHeader.bytes(Int(width), Int(height), perPixel: 4))
  }

  static func decode(
    _ file: UnsafeRawBufferPointer, _ header: PictureHeader, shrink: Int, to rows: PictureRows
  ) throws(PictureFailure) {
    precondition(shrink == 1, "PNG is decoded at its own size")
    try calling(DOVETAIL_PNG_MESSAGE) {
      dovetail_png_decode(
        file.baseAddress, file.count, Int32(header.width), Int32(header.height), PictureRows.give,
        rows.context, $0)
    }
  }

  private static func orientation(_ file: UnsafeRawBufferPointer) -> Orientation {
    var at = 8
    while let length = file.bigEndian(at, 4), !file.says("IEND", at: at + 4) {
      if file.says("eXIf", at: at + 4) { return Exif.orientation(file.piece(at + 8, length)) }
      // Length, name, data, checksum.
      at += 12 + length
    }
    return .upright
  }
}
