import CJPEG
import Foundation

/// JPEG files made of RGB bytes, and looked at as they are stored.
package enum JPEG {
  /// The decoder's own words.
  package struct Failure: Error, CustomStringConvertible, Sendable {
    package let description: String
  }

  /// `[height, width, 3]` as it is stored, whatever its orientation.
  /// - Parameter side: as for `Picture.shrink`; nil: at its own size.
  package static func decode(
    _ file: [UInt8], atLeastTwice side: Int? = nil
  ) throws(Failure) -> (rgb: [UInt8], width: Int, height: Int) {
    let result = file.withUnsafeBytes {
      bytes -> Result<(rgb: [UInt8], width: Int, height: Int), PictureFailure> in
      do throws(PictureFailure) {
        let header = try JPEGDecoder.header(bytes)
        try Picture.check(header, JPEGDecoder.name)
        let shrink = side.map { Picture.shrink(header, to: $0) } ?? 1
        let columns = (header.width + shrink - 1) / shrink
        var rgb: [UInt8] = []
        let rows = PictureRows { rgb += UnsafeBufferPointer(start: $0, count: columns * 3) }
        try JPEGDecoder.decode(bytes, header, shrink: shrink, to: rows)
        return .success((rgb, columns, (header.height + shrink - 1) / shrink))
      } catch {
        return .failure(error)
      }
    }
    switch result {
    case .success(let picture): return picture
    case .failure(let failure): throw Failure(description: "\(failure)")
    }
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
    else { throw Failure(description: String(message: message)) }
    defer { free(out) }
    return Array(UnsafeBufferPointer(start: out, count: count))
  }
}
