import Datasets
import Foundation
import TestSupport
import Testing

/// Corrupted images: as strong as NumPy and Pillow make them (`PillowCorruptions`).
@Suite struct CorruptionTests {
  private static let (count, size) = (32, 32)

  /// Waves with noise on them, as `Tools/make-corruption-fixtures.py` has them.
  private static let images: ImageSet = {
    let wave = HashNoise.values(count * 9, stream: 1)
    let grain = HashNoise.values(count * size * size * 3, stream: 2)
    var bytes: [UInt8] = []
    for image in 0..<count {
      for y in 0..<size {
        for x in 0..<size {
          for channel in 0..<3 {
            let at = (image * 3 + channel) * 3
            let turns =
              3 * wave[at] * Double(x) / 32 + 3 * wave[at + 1] * Double(y) / 32 + wave[at + 2]
            let value = 128 + 80 * sin(2 * Double.pi * turns) + 12 * grain[bytes.count]
            bytes.append(UInt8(min(max((value + 0.5).rounded(.down), 0), 255)))
          }
        }
      }
    }
    return ImageSet(bytes: bytes, labels: (0..<count).map { Int32($0 % 2) }, size: size)
  }()

  private static func decibels(_ found: ImageSet, _ expected: ImageSet) -> Double {
    let squares = zip(found.bytes, expected.bytes).reduce(0.0) {
      $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1))
    }
    return 10 * log10(255 * 255 * Double(expected.bytes.count) / squares)
  }

  @Test func theImagesAreThoseOfTheScript() {
    #expect(Self.images.bytes.reduce(0) { $0 + Int($1) } == PillowCorruptions.sum)
  }

  @Test(arguments: Corruption.Kind.allCases)
  func strengthsAreThoseOfPillow(_ kind: Corruption.Kind) throws {
    let expected = try #require(PillowCorruptions.decibels[kind.rawValue])
    for (strength, decibels) in zip(Corruption.strengths, expected) {
      let corrupted = Self.images.corrupted(by: Corruption(kind, strength: strength), part: 1)
      let found = Self.decibels(corrupted, Self.images)
      // Noise is drawn anew, decoders of JPEG differ a little, Pillow rounds twice.
      #expect(abs(found - decibels) < 0.1, "\(kind.rawValue):\(strength): \(found), \(decibels)")
      #expect(corrupted.labels == Self.images.labels)
    }
  }

  @Test func equalCallsGiveEqualBytesAndNothingElseDoes() {
    let noise = Corruption(.gaussianNoise, strength: 3)
    let once = Self.images.corrupted(by: noise, part: 0)
    #expect(once.bytes == Self.images.corrupted(by: noise, part: 0).bytes)
    #expect(once.bytes != Self.images.corrupted(by: noise, part: 1).bytes)
    #expect(once.bytes != Self.images.corrupted(by: noise, seed: 1, part: 0).bytes)
    // An image's noise is its own, wherever else it stands.
    let twice = Self.images.subset([0, 0]).corrupted(by: noise, part: 0)
    let length = Self.size * Self.size * 3
    #expect(twice.bytes.prefix(length) != twice.bytes.suffix(length))
    #expect(twice.bytes.prefix(length) == once.bytes.prefix(length))
  }

  /// Lengths grow with the image: a picture of twice the size is blurred as its half is.
  @Test func lengthsGrowWithTheImage() {
    let doubled = ImageSet(
      bytes: (0..<64 * 64 * 3).map {
        let (y, x, channel) = ($0 / 192 / 2, $0 / 3 % 64 / 2, $0 % 3)
        return Self.images.bytes[(y * 32 + x) * 3 + channel]
      }, labels: [0], size: 64)
    let blur = Corruption(.gaussianBlur, strength: 5)
    let small = Self.images.subset([0])
    let difference =
      Self.decibels(small.corrupted(by: blur, part: 0), small)
      - Self.decibels(doubled.corrupted(by: blur, part: 0), doubled)
    // The small image's deviation would make it 10.
    #expect(abs(difference) < 3)
  }

  @Test func textIsReadAndWritten() {
    for kind in Corruption.Kind.allCases {
      let corruption = Corruption(kind, strength: 4)
      #expect(Corruption("\(corruption)") == corruption)
    }
    for text in ["jpeg", "jpeg:", "jpeg:0", "jpeg:6", "jpeg:5:1", "fog:1", ":1", "jpeg:+1", ""] {
      #expect(Corruption(text) == nil, "\(text)")
    }
  }

  @Test func dataSetsSayWhatWasDoneToThem() throws {
    let clean = Dataset(
      name: "waves", classNames: ["a", "b"], train: Self.images, test: Self.images)
    let corrupted = try clean.corrupted(by: Corruption(.contrast, strength: 5))
    #expect(corrupted.name == "waves, contrast:5")
    #expect(corrupted.notes == ["all images corrupted by code: contrast:5"])
    #expect(corrupted.digest != clean.digest)
    #expect(corrupted.train.bytes == corrupted.test.bytes)
    let noisy = try clean.corrupted(by: Corruption(.gaussianNoise, strength: 1))
    #expect(noisy.train.bytes != noisy.test.bytes)
    let folder = TemporaryFolder()
    let file = try JPEG.encode([UInt8](repeating: 9, count: 12 * 12 * 3), width: 12, height: 12)
    for path in ["train/a/1.jpg", "train/b/1.jpg", "test/a/1.jpg", "test/b/1.jpg"] {
      folder.write(file, path)
    }
    let streamed = try Dataset.load(.folder, path: folder.path, imageSize: 8, memory: 0)
    let error = #expect(throws: DatasetError.self) {
      try streamed.corrupted(by: Corruption(.jpeg, strength: 1))
    }
    #expect(error?.description.contains("is streamed") == true)
  }
}
