import Foundation

/// Pictures of all formats, by what the file holds and not by its name.
///
/// How one becomes a square of `size` × `size` pixels: it is turned as its EXIF orientation says;
/// the largest centered square is taken; each pixel of the result is the mean of the area that it
/// covers. (`Framing` has another way, which always decodes at full size.) A picture whose shorter
/// side is four or more times `size` is decoded at a half, a quarter or an eighth where its format
/// can (JPEG, WebP without alpha), so that two or more pixels are left for each of the result. Gray becomes three equal channels, 16 bits the nearest 8, alpha
/// is laid over white. Color profiles and gamma are ignored: values are taken as sRGB.
public enum Picture {
  /// All that is known. A further format is a file and a line here.
  static let formats: [any PictureDecoder.Type] = [
    JPEGDecoder.self, PNGDecoder.self, WebPDecoder.self,
  ]

  /// "JPEG, PNG and WebP".
  public static let formatNames =
    formats.dropLast().map { $0.name }.joined(separator: ", ")
    + " and \(formats.last!.name)"

  /// How a picture becomes an image, for a help text; after "Pictures are".
  public static let words =
    "\(formatNames) files, told by what they hold. Each is turned as its EXIF orientation says, "
    + "alpha is laid over white, color profiles are ignored; the middle square is taken, and its "
    + "area mean at image-size."

  private static let extensions = Set(formats.flatMap { $0.extensions })

  /// Whether a file of that name is looked at: by its extension, in any case. Hidden ones are not.
  static func isNamedLikeOne(_ name: String) -> Bool {
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex, !name.hasPrefix(".") else {
      return false
    }
    return extensions.contains(name[name.index(after: dot)...].lowercased())
  }

  // MARK: Limits

  /// How large a picture may claim to be.
  package struct Limits: Sendable, Equatable {
    var pixels = 1 << 30
    /// One row of so many is held with room to spare.
    var side = 1_000_000
    /// Bytes, of what cannot go row by row.
    var held = 512 << 20

    /// - Parameter factor: 1 to 1024.
    package init(times factor: Int = 1) {
      pixels *= factor
      side *= factor
      held *= factor
    }
  }

  /// Raises the limits; no result depends on them.
  public static let limitVariable = "DOVETAIL_PICTURE_LIMIT"

  /// - Returns: nil where it is none.
  public static func limitFactor(_ text: String) -> Int? {
    Int(text).flatMap { 1...1024 ~= $0 ? $0 : nil }
  }

  static let limits = Limits(
    times: ProcessInfo.processInfo.environment[limitVariable].flatMap(limitFactor) ?? 1)
  /// What holds more than this is decoded alone, so that threads do not add up.
  private static let heldByMany = 32 << 20
  private static let alone = NSLock()

  static func check(_ header: PictureHeader, _ format: String) throws(PictureFailure) {
    guard header.width > 0 && header.height > 0 else {
      throw .damaged(format: format, "claims \(header.width) × \(header.height) pixels")
    }
    if let problem = problem(header.width, header.height, held: header.held, limits) {
      throw .tooLarge(problem)
    }
  }

  /// What is beyond the limits, if anything.
  package static func problem(
    _ width: Int, _ height: Int, held: Int, _ limits: Limits
  ) -> String? {
    let size = "\(width) × \(height) pixels"
    let (pixels, overflow) = width.multipliedReportingOverflow(by: height)
    guard !overflow, pixels <= limits.pixels, max(width, height) <= limits.side else {
      return "claims \(size), more than the limit of \(limits.pixels.grouped) pixels, "
        + "\(limits.side.grouped) a side"
    }
    guard held <= limits.held else {
      return "claims \(size), stored so that decoding holds all of them (progressive, interlaced, "
        + "lossless or with alpha): \(held >> 20) MiB, more than the limit of "
        + "\(limits.held >> 20) MiB"
    }
    return nil
  }

  // MARK: Decoding

  /// `[size, size, 3]`.
  static func square(
    _ file: UnsafeRawBufferPointer, _ form: PictureForm
  ) throws(PictureFailure) -> [UInt8] {
    let (format, header) = try look(file)
    let shrink = form.framing == .square ? shrink(header, to: form.size) : 1
    let square = form.framing.maker(
      width: (header.width - 1) / shrink + 1, height: (header.height - 1) / shrink + 1,
      size: form.size, header.orientation)
    try decode(file, format, header, shrink, PictureRows { square.take($0) })
    return square.pixels
  }

  /// All of it, upright, at its own size: `[height, width, 3]`.
  package static func whole(
    _ file: [UInt8]
  ) throws(PictureFailure) -> (rgb: [UInt8], width: Int, height: Int) {
    // Typed errors do not go through closures that rethrow any.
    try file.withUnsafeBytes { bytes in
      Result { () throws(PictureFailure) in try whole(bytes) }
    }.get()
  }

  /// `[size, size, 3]`.
  package static func square(
    _ file: [UInt8], size: Int, framing: Framing = .square
  ) throws(PictureFailure) -> [UInt8] {
    try file.withUnsafeBytes { bytes in
      Result { () throws(PictureFailure) in
        try square(bytes, PictureForm(size: size, framing: framing))
      }
    }.get()
  }

  static func whole(
    _ file: UnsafeRawBufferPointer
  ) throws(PictureFailure) -> (rgb: [UInt8], width: Int, height: Int) {
    let (format, header) = try look(file)
    var rgb: [UInt8] = []
    let rows = PictureRows { rgb += UnsafeBufferPointer(start: $0, count: header.width * 3) }
    try decode(file, format, header, 1, rows)
    return header.orientation.upright(rgb, width: header.width, height: header.height)
  }

  private static func look(
    _ file: UnsafeRawBufferPointer
  ) throws(PictureFailure) -> (any PictureDecoder.Type, PictureHeader) {
    guard let format = formats.first(where: { $0.recognizes(file) }) else {
      throw .unknown(FileKind.words(file))
    }
    let header = try format.header(file)
    try check(header, format.name)
    return (format, header)
  }

  /// An image whose shorter side is at least twice `size` in half its size or less is decoded at
  /// the smallest such size: what is then averaged has two or more pixels for each of the result.
  static func shrink(_ header: PictureHeader, to size: Int) -> Int {
    let shorter = min(header.width, header.height)
    var shrink = 1
    while shrink < header.mostShrink && shorter / (2 * shrink) >= 2 * size { shrink *= 2 }
    return shrink
  }

  private static func decode(
    _ file: UnsafeRawBufferPointer, _ format: any PictureDecoder.Type, _ header: PictureHeader,
    _ shrink: Int, _ rows: PictureRows
  ) throws(PictureFailure) {
    let isLarge = header.held > heldByMany
    if isLarge { alone.lock() }
    defer { if isLarge { alone.unlock() } }
    try format.decode(file, header, shrink: shrink, to: rows)
  }
}
