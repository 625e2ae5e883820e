import Datasets
import Foundation
import Testing

/// One of Fixtures/pictures.json, which Tools/make-picture-fixtures.py made.
struct PictureFixture: Decodable {
  let file: Data
  let width: Int
  let height: Int
  /// Upright, over white.
  let rgb: Data
  /// Decoders of other versions may round otherwise.
  let tolerance: Int

  static func all() throws -> [String: PictureFixture] {
    let url = try #require(
      Bundle.module.url(forResource: "pictures", withExtension: "json", subdirectory: "Fixtures"))
    return try JSONDecoder().decode([String: PictureFixture].self, from: Data(contentsOf: url))
  }
}

@Suite struct PictureTests {
  private func failure(_ file: [UInt8]) -> PictureFailure? {
    #expect(throws: PictureFailure.self) { try Picture.whole(file) }
  }

  /// Every color type, depth and interlacing of PNG; JPEG; WebP; orientations 1 to 8 in each.
  @Test func allKindsAreReadAsPillowReadsThem() throws {
    let all = try PictureFixture.all()
    #expect(all.count == 86)
    for (name, fixture) in all {
      let image = try Picture.whole(Array(fixture.file))
      #expect(image.width == fixture.width && image.height == fixture.height, "\(name)")
      #expect(image.rgb.count == fixture.rgb.count, "\(name)")
      let worst = zip(image.rgb, fixture.rgb).map { abs(Int($0) - Int($1)) }.max() ?? 0
      #expect(worst <= fixture.tolerance, "\(name): \(worst)")
    }
  }

  /// What is cropped and averaged from rows as they come is what is cropped and averaged from the
  /// upright picture, whichever way the rows run.
  @Test func theSquareOfATurnedPictureIsThatOfTheUprightOne() throws {
    let all = try PictureFixture.all()
    for orientation in 1...8 {
      let fixture = try #require(all["orientation-\(orientation)-png"])
      for size in [1, 2, 4, 9, 16] {
        let square = try Picture.square(Array(fixture.file), size: size)
        let expected = Self.square(Array(fixture.rgb), fixture.width, fixture.height, size)
        let worst = zip(square, expected).map { abs(Double($0) - $1) }.max() ?? 99
        #expect(worst <= 0.5 + 1e-9, "\(orientation), \(size)")
      }
    }
  }

  /// Of the largest centered square the exact area mean, in 1/1000 of a pixel.
  private static func square(_ rgb: [UInt8], _ width: Int, _ height: Int, _ size: Int) -> [Double] {
    let side = min(width, height)
    let (top, left) = ((height - side) / 2, (width - side) / 2)
    var result: [Double] = []
    for row in 0..<size {
      for column in 0..<size {
        for channel in 0..<3 {
          var sum = 0.0
          for y in 0..<side {
            for x in 0..<side {
              let tall = overlap(y, row, size, side)
              let wide = overlap(x, column, size, side)
              sum += tall * wide * Double(rgb[((top + y) * width + left + x) * 3 + channel])
            }
          }
          result.append(sum)
        }
      }
    }
    return result
  }

  /// Share of output `index` that input `position` is.
  private static func overlap(_ position: Int, _ index: Int, _ size: Int, _ side: Int) -> Double {
    let scale = Double(side) / Double(size)
    let first = max(Double(position), Double(index) * scale)
    let last = min(Double(position + 1), Double(index + 1) * scale)
    return max(0, last - first) / scale
  }

  // MARK: What is refused

  @Test func everyPictureThatIsCutOffIsRefused() throws {
    for (name, fixture) in try PictureFixture.all() {
      let whole = Array(fixture.file)
      // A file's last chunk may be one that nobody reads: then the rest is the picture.
      for count in [whole.count / 2, 40] where !name.contains("animation") {
        guard let image = try? Picture.whole(Array(whole.prefix(count))) else { continue }
        #expect(image.rgb.count == 0, "\(name) of \(count) bytes")
      }
    }
  }

  @Test(arguments: [
    ("GIF89a", "is a GIF image"), ("BM\u{0}\u{0}", "is a BMP image"), ("", "is an empty file"),
    ("%PDF-1.4", "is a PDF document"), ("PK\u{3}\u{4}", "is a ZIP archive"),
    ("\u{0}\u{0}\u{0}\u{18}ftypheic", "is a HEIC image"),
    ("\u{0}\u{0}\u{0}\u{18}ftypavif", "is an AVIF image"),
    ("\u{0}\u{0}\u{0}\u{18}ftypmif1\u{0}\u{0}\u{0}\u{0}mif1avif", "is an AVIF image"),
    ("II*\u{0}", "is a TIFF image"), ("8BPS", "is a Photoshop file (PSD)"),
    ("<?xml version=\"1.0\"?>\n<svg>", "is an SVG drawing"),
    ("<!DOCTYPE html>", "is an HTML page, as a download that failed leaves it"),
    ("no picture", "is a text file"),
    ("\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}", "is no picture: it starts with zero bytes alone"),
    (
      "version https://git-lfs.github.com/spec/v1",
      "is a Git LFS pointer: the picture itself was not fetched"
    ),
  ]) func whatIsNoKnownPictureIsNamed(_ text: String, _ words: String) {
    #expect(failure(Array(text.utf8)) == .unknown(words))
  }

  /// By the header, before anything is allocated.
  @Test func sizesBeyondTheLimitsAreRefused() throws {
    func header(_ width: UInt32, _ height: UInt32, interlaced: Bool) -> [UInt8] {
      var png = Array(try! PictureFixture.all()["png-rgb-8"]!.file)
      for (at, value) in [(16, width), (20, height)] {
        for i in 0..<4 { png[at + i] = UInt8(truncatingIfNeeded: value >> (24 - 8 * UInt32(i))) }
      }
      png[28] = interlaced ? 1 : 0
      let sum = crc(png[12..<29])
      for i in 0..<4 { png[29 + i] = UInt8(truncatingIfNeeded: sum >> (24 - 8 * UInt32(i))) }
      return png
    }
    func isTooLarge(_ file: [UInt8]) -> Bool {
      if case .tooLarge = failure(file) { true } else { false }
    }
    #expect(isTooLarge(header(40_000, 40_000, interlaced: false)))
    #expect(isTooLarge(header(1_000_001, 2, interlaced: false)))
    #expect(isTooLarge(header(13_000, 13_000, interlaced: true)))
    #expect(isTooLarge(header(.max >> 1, .max >> 1, interlaced: true)))
    #expect(isTooLarge(header(.max >> 1, .max >> 1, interlaced: false)))
    // As many, row by row: begun, and cut off.
    guard case .damaged = failure(header(13_000, 13_000, interlaced: false)) else {
      Issue.record("expected a damaged PNG")
      return
    }
  }

  /// By the environment's factor.
  @Test func limitsCanBeRaised() throws {
    for (side, held) in [(40_000, 0), (9000, 600 << 20)] {
      #expect(Picture.problem(side, side, held: held, .init()) != nil)
      #expect(Picture.problem(side, side, held: held, .init(times: 2)) == nil)
    }
    #expect(Picture.limitFactor("4") == 4)
    #expect(["", "0", "4.5", "-1", "1025", "much"].allSatisfy { Picture.limitFactor($0) == nil })
  }

  private func crc(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    ~bytes.reduce(UInt32.max) { sum, byte in
      (0..<8).reduce(sum ^ UInt32(byte)) { value, _ in
        value >> 1 ^ (value & 1 == 1 ? 0xEDB8_8320 : 0)
      }
    }
  }
}
