import CJPEG
import Foundation

/// JPEG files to and from RGB bytes.
package enum JPEG {
  /// The decoder's own words.
  package struct Failure: Error, CustomStringConvertible, Sendable {
    package let description: String
  }

  /// `[height, width, 3]`; gray and CMYK become RGB.
  /// - Parameter side: an image whose shorter side is at least twice this in half its size or less
  ///   is decoded at the smallest such size, by the low frequencies of its blocks alone: what is
  ///   then averaged to `side` pixels still has two or more for each. nil: at its own size.
  package static func decode(
    _ file: [UInt8], atLeastTwice side: Int? = nil
  ) throws(Failure) -> (rgb: [UInt8], width: Int, height: Int) {
    var width: Int32 = 0
    var height: Int32 = 0
    var message = [CChar](repeating: 0, count: Int(DOVETAIL_JPEG_MESSAGE))
    guard dovetail_jpeg_size(file, file.count, &width, &height, &message) == 0 else {
      throw Failure(description: text(message))
    }
    let shorter = Int(min(width, height))
    var shrink = 1
    if let side {
      while shrink < 8 && shorter / (2 * shrink) >= 2 * side { shrink *= 2 }
    }
    let columns = (Int(width) + shrink - 1) / shrink
    let rows = (Int(height) + shrink - 1) / shrink
    var rgb = [UInt8](repeating: 0, count: columns * rows * 3)
    guard
      dovetail_jpeg_decode(file, file.count, width, height, Int32(shrink), &rgb, &message) == 0
    else { throw Failure(description: text(message)) }
    return (rgb, columns, rows)
  }

  /// - Parameter components: 3 for RGB, 1 for gray.
  package static func encode(
    _ pixels: [UInt8], width: Int, height: Int, components: Int = 3, quality: Int = 90
  ) throws(Failure) -> [UInt8] {
    precondition(pixels.count == width * height * components, "encode: size does not fit")
    var out: UnsafeMutablePointer<UInt8>?
    var count = 0
    var message = [CChar](repeating: 0, count: Int(DOVETAIL_JPEG_MESSAGE))
    guard
      dovetail_jpeg_encode(
        pixels, Int32(width), Int32(height), Int32(components), Int32(quality), &out, &count,
        &message) == 0, let out
    else { throw Failure(description: text(message)) }
    defer { free(out) }
    return Array(UnsafeBufferPointer(start: out, count: count))
  }

  private static func text(_ message: [CChar]) -> String {
    String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
