/// What a file is that no decoder knows, by its first bytes, in words for messages.
enum FileKind {
  /// "is a GIF image".
  static func words(_ file: UnsafeRawBufferPointer) -> String {
    if file.isEmpty { return "is an empty file" }
    if let found = starts.first(where: { file.says($0.text, at: $0.at) }) {
      return "is \(found.what)"
    }
    if file.says("ftyp", at: 4) { return "is \(brand(file))" }
    let first = Array(file.prefix(512))
    if first.allSatisfy({ $0 == 0 }) { return "is no picture: it starts with zero bytes alone" }
    if let text = text(first) { return "is \(text)" }
    let hex = first.prefix(4).map { byte in
      (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }
    return "is no picture: it starts with the bytes \(hex.joined(separator: " "))"
  }

  private static let starts: [(text: String, at: Int, what: String)] = [
    ("GIF8", 0, "a GIF image"),
    ("II*\0", 0, "a TIFF image"), ("MM\0*", 0, "a TIFF image"),
    ("II+\0", 0, "a BigTIFF image"), ("MM\0+", 0, "a BigTIFF image"),
    ("BM", 0, "a BMP image"),
    ("8BPS", 0, "a Photoshop file (PSD)"),
    ("%PDF", 0, "a PDF document"), ("%!PS", 0, "a PostScript document"),
    ("PK\u{3}\u{4}", 0, "a ZIP archive"), ("PK\u{5}\u{6}", 0, "an empty ZIP archive"),
    ("Rar!", 0, "a RAR archive"), ("7z", 0, "a 7z archive"), ("ustar", 257, "a tar archive"),
    ("\0\0\0\u{C}jP  ", 0, "a JPEG 2000 image"), ("\0\0\0\u{C}JXL ", 0, "a JPEG XL image"),
    ("\0\0\u{1}\0", 0, "an icon (ICO)"),
    ("v/1\u{1}", 0, "an OpenEXR image"), ("#?RADIANCE", 0, "a Radiance HDR image"),
    ("DICM", 128, "a DICOM file"), ("NUMPY", 1, "a NumPy array"),
    ("version https://git-lfs", 0, "a Git LFS pointer: the picture itself was not fetched"),
    ("RIFF", 0, "a RIFF file (sound or video)"),
    ("P1\n", 0, "a PBM image"), ("P4\n", 0, "a PBM image"), ("P2\n", 0, "a PGM image"),
    ("P5\n", 0, "a PGM image"), ("P3\n", 0, "a PPM image"), ("P6\n", 0, "a PPM image"),
    ("qoif", 0, "a QOI image"),
  ]

  /// Files of ISO's base format say by four letters what they are.
  private static func brand(_ file: UnsafeRawBufferPointer) -> String {
    let brand = String(decoding: file.piece(8, 4), as: UTF8.self)
    // A picture's general brand stands first in some files; the particular one then follows.
    let all = String(decoding: file.piece(8, 56), as: UTF8.self)
    switch brand {
    case "avif", "avis": return "an AVIF image"
    case "heic", "heix", "hevc", "hevx", "heim", "heis": return "a HEIC image"
    case "mif1", "msf1": return all.contains("avif") ? "an AVIF image" : "a HEIC image"
    case "crx ": return "a Canon raw image (CR3)"
    default: return "a video (MP4, MOV or alike)"
    }
  }

  private static func text(_ first: [UInt8]) -> String? {
    if first.starts(with: [0xFF, 0x0A]) { return "a JPEG XL image" }
    if first.starts(with: [0xFF, 0x4F, 0xFF, 0x51]) { return "a JPEG 2000 image" }
    if first.starts(with: [0x1F, 0x8B]) { return "a gzip archive" }
    guard !first.contains(where: { $0 < 9 || $0 == 127 }) else { return nil }
    let text = String(decoding: first, as: UTF8.self).lowercased()
    if text.contains("<svg") { return "an SVG drawing" }
    if text.contains("<!doctype html") || text.contains("<html") {
      return "an HTML page, as a download that failed leaves it"
    }
    if text.contains("<?xml") { return "an XML document" }
    // The last character may be cut through.
    return text.dropLast(3).contains("\u{FFFD}") ? nil : "a text file"
  }
}
