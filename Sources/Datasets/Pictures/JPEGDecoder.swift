import CJPEG

/// JPEG, baseline and progressive, by libjpeg-turbo; gray, CMYK and YCCK become RGB.
enum JPEGDecoder: PictureDecoder {
  static let name = "JPEG"
  static let extensions = ["jpg", "jpeg"]

  static func recognizes(_ file: UnsafeRawBufferPointer) -> Bool {
    file.bigEndian(0, 3) == 0xFFD8FF
  }

  static func header(_ file: UnsafeRawBufferPointer) throws(PictureFailure) -> PictureHeader {
    var width: Int32 = 0
    var height: Int32 = 0
    var held: UInt64 = 0
    try calling(DOVETAIL_JPEG_MESSAGE) {
      dovetail_jpeg_header(file.baseAddress, file.count, &width, &height, &held, $0)
    }
    return PictureHeader(
      width: Int(width), height: Int(height), orientation: orientation(file), mostShrink: 8,
      held: Int(clamping: held))
  }

  static func decode(
    _ file: UnsafeRawBufferPointer, _ header: PictureHeader, shrink: Int, to rows: PictureRows
  ) throws(PictureFailure) {
    try calling(DOVETAIL_JPEG_MESSAGE) {
      dovetail_jpeg_decode(
        file.baseAddress, file.count, Int32(header.width), Int32(header.height), Int32(shrink),
        PictureRows.give, rows.context, $0)
    }
  }

  /// Of the first APP1 segment with EXIF data before the picture's.
  private static func orientation(_ file: UnsafeRawBufferPointer) -> Orientation {
    var at = 2
    while file.bigEndian(at, 1) == 0xFF, let marker = file.bigEndian(at + 1, 1) {
      switch marker {
      case 0xFF: at += 1
      case 0x01, 0xD0...0xD8: at += 2
      // The scan, or the end.
      case 0xDA, 0xD9: return .upright
      default:
        guard let length = file.bigEndian(at + 2, 2), length >= 2 else { return .upright }
        if marker == 0xE1, file.says("Exif", at: at + 4) {
          return Exif.orientation(file.piece(at + 4, length - 2))
        }
        at += 2 + length
      }
    }
    return .upright
  }
}
