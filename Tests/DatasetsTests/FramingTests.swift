import Datasets
import Foundation
import Testing

/// Fixtures/framing.json, which Tools/make-framing-fixtures.py made with Pillow.
@Suite struct FramingTests {
  struct Fixture: Decodable {
    let file: Data
    let shorterSide: Int
    let size: Int
    let filter: ResizeFilter
    /// `[size, size, 3]`.
    let rgb: Data
  }

  static func all() throws -> [String: Fixture] {
    let url = try #require(
      Bundle.module.url(forResource: "framing", withExtension: "json", subdirectory: "Fixtures"))
    return try JSONDecoder().decode([String: Fixture].self, from: Data(contentsOf: url))
  }

  private func worst(_ fixture: Fixture) throws -> Int {
    let framing = Framing.crop(shorterSide: fixture.shorterSide, filter: fixture.filter)
    let pixels = try Picture.square(Array(fixture.file), size: fixture.size, framing: framing)
    guard pixels.count == fixture.rgb.count else { return 256 }
    return zip(pixels, fixture.rgb).map { abs(Int($0) - Int($1)) }.max() ?? 256
  }

  /// Both filters, made smaller and larger, odd margins, one pixel alone: the same bytes.
  @Test func croppedPicturesArePillows() throws {
    let all = try Self.all().filter { !$0.key.hasPrefix("orientation") && $0.key != "a JPEG" }
    #expect(all.count == 36)
    for (name, fixture) in all { #expect(try worst(fixture) == 0, "\(name)") }
  }

  /// What is stored on its side is resized in the other order.
  @Test func turnedOnesAreWithinOne() throws {
    let all = try Self.all().filter { $0.key.hasPrefix("orientation") }
    #expect(all.count == 7)
    for (name, fixture) in all { #expect(try worst(fixture) <= 1, "\(name)") }
  }

  /// Decoders of other versions may round otherwise.
  @Test func aJPEGIsPillows() throws {
    let fixture = try #require(try Self.all()["a JPEG"])
    #expect(try worst(fixture) <= 1)
  }

  @Test func whatIsSmallerThanItsCropIsRefused() {
    #expect(Framing.square.problem(imageSize: 224) == nil)
    #expect(Framing.crop(shorterSide: 224, filter: .bilinear).problem(imageSize: 224) == nil)
    #expect(
      Framing.crop(shorterSide: 223, filter: .bilinear).problem(imageSize: 224)
        == "the shorter side is resized to 223 pixels, which is less than the image's 224 that are "
        + "cut out of it")
    #expect(Framing.crop(shorterSide: 5000, filter: .bicubic).problem(imageSize: 224) != nil)
  }
}
