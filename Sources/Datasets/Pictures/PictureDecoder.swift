/// A format of pictures: a type that conforms, and a line in `Picture.formats`.
protocol PictureDecoder: SendableMetatype {
  /// "PNG".
  static var name: String { get }
  /// Of its files, lowercase, without the dot. They choose which files of a folder are looked at;
  /// how one is decoded goes by its bytes.
  static var extensions: [String] { get }
  /// By the first bytes.
  static func recognizes(_ file: UnsafeRawBufferPointer) -> Bool
  /// Allocates nothing that grows with the size that is claimed.
  static func header(_ file: UnsafeRawBufferPointer) throws(PictureFailure) -> PictureHeader
  /// Gives `rows` the picture as it is stored, from top to bottom, at 1/`shrink` of its width and
  /// height, each rounded up.
  /// - Precondition: shrink is 1, or a power of two up to the header's `mostShrink`.
  static func decode(
    _ file: UnsafeRawBufferPointer, _ header: PictureHeader, shrink: Int, to rows: PictureRows
  ) throws(PictureFailure)
}

/// What can be known of a picture before its pixels are decoded.
struct PictureHeader: Sendable, Equatable {
  /// As it is stored, before it is turned upright.
  let width: Int
  let height: Int
  let orientation: Orientation
  /// Down to which part the decoder itself can go.
  var mostShrink = 1
  /// Bytes that decoding holds because it cannot go row by row; 0 where it can.
  var held = 0

  /// Bytes for all pixels; of sizes that only a damaged header has, more than any limit.
  static func bytes(_ width: Int, _ height: Int, perPixel: Int) -> Int {
    let (pixels, many) = width.multipliedReportingOverflow(by: height)
    let (bytes, more) = pixels.multipliedReportingOverflow(by: perPixel)
    return many || more ? .max : bytes
  }
}

/// Why a file is not decoded.
package enum PictureFailure: Error, Sendable, Equatable {
  /// "is a GIF image", "is empty".
  case unknown(String)
  /// A format that is known, and the decoder's own words.
  case damaged(format: String, String)
  /// Pixels or buffers beyond the limits.
  case tooLarge(String)
}

/// Takes rows of RGB bytes, each gone when `take` returns.
final class PictureRows {
  let take: (UnsafePointer<UInt8>) -> Void

  init(_ take: @escaping (UnsafePointer<UInt8>) -> Void) { self.take = take }

  /// For C, which hands it back to `give`.
  var context: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }

  static let give: @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<UInt8>?) -> Void = {
    Unmanaged<PictureRows>.fromOpaque($0!).takeUnretainedValue().take($1!)
  }
}

extension PictureDecoder {
  /// Calls a decoder in C, which returns 0, or leaves its own words in a buffer of `room` bytes.
  static func calling(
    _ room: Int32, _ function: (UnsafeMutablePointer<CChar>) -> Int32
  ) throws(PictureFailure) {
    var message = [CChar](repeating: 0, count: Int(room))
    guard function(&message) != 0 else { return }
    throw .damaged(format: name, String(message: message))
  }
}

extension String {
  /// What C wrote into a buffer.
  init(message: [CChar]) {
    self.init(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

extension Int {
  /// "20,000".
  var grouped: String {
    var digits = String(self)
    var result = ""
    while digits.count > 3 {
      result = "," + digits.suffix(3) + result
      digits.removeLast(3)
    }
    return digits + result
  }
}
