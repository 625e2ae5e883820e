import Datasets
import Foundation
import Testing

@Suite struct ImageFolderTests {
  /// A smooth picture: JPEG keeps it to within a few gray values.
  private func picture(width: Int, height: Int, _ color: (Int, Int) -> [UInt8]) -> [UInt8] {
    (0..<height).flatMap { row in (0..<width).flatMap { color(row, $0) } }
  }

  private func jpeg(width: Int, height: Int, _ color: [UInt8]) throws -> [UInt8] {
    try JPEG.encode(
      picture(width: width, height: height) { _, _ in color }, width: width, height: height,
      components: color.count, quality: 95)
  }

  private func folder() throws -> TemporaryFolder {
    let folder = TemporaryFolder()
    for part in ["train", "test"] {
      folder.write(try jpeg(width: 64, height: 64, [200, 30, 60]), "\(part)/zebra/a.JPEG")
      folder.write(try jpeg(width: 64, height: 64, [90]), "\(part)/ant/gray.jpg")
    }
    folder.write(try jpeg(width: 96, height: 64, [10, 250, 60]), "train/zebra/b.Jpeg")
    folder.write([1, 2, 3], "train/zebra/.hidden.jpg")
    folder.write([1, 2, 3], "train/zebra/readme.txt")
    return folder
  }

  private func load(
    _ folder: TemporaryFolder, onDamaged: DamagedImages = .fail
  ) throws -> Dataset {
    try Dataset.load(.folder, path: folder.path, imageSize: 32, onDamaged: onDamaged)
  }

  @Test func classesAreSortedAndGrayBecomesRGB() throws {
    let folder = try folder()
    let set = try load(folder)
    #expect(set.classNames == ["ant", "zebra"])
    #expect(set.train.labels == [0, 1, 1])
    #expect(set.test.labels == [0, 1])
    #expect(set.name == "folder " + folder.path.split(separator: "/").last!)
    let gray = set.train.bytes[0..<3]
    #expect(Set(gray).count == 1 && abs(Int(gray.first!) - 90) <= 2)
    for (got, expected) in zip(set.train.bytes[3072..<3075], [200, 30, 60]) {
      #expect(abs(Int(got) - expected) <= 4)
    }
  }

  @Test func imagesWithoutLabelsAreAllBelowAFolder() throws {
    let folder = try folder()
    try FileManager.default.createSymbolicLink(
      atPath: "\(folder.path)/link.jpg", withDestinationPath: "\(folder.path)/train/zebra/a.JPEG")
    let set = try Dataset.load(.images, path: folder.path, imageSize: 32)
    #expect(set.train.count == 5 && set.test.count == 0)
    #expect(
      set.notes == [
        "no labels", "1 file is no picture that Dovetail reads, left out: 1 .txt",
      ])
    // In the order of the paths: test/ant, test/zebra, train/ant, train/zebra.
    #expect(abs(Int(set.train.bytes[0]) - 90) <= 2 && abs(Int(set.train.bytes[3072]) - 200) <= 4)
    let empty = TemporaryFolder()
    empty.write([1], "readme.txt")
    #expect(throws: DatasetError.self) {
      try Dataset.load(.images, path: empty.path, imageSize: 32)
    }
  }

  @Test func chosenClassesAreLabeledInTheirOrder() throws {
    let images = ImageSet(
      bytes: (0..<4).flatMap { [UInt8](repeating: UInt8($0), count: 3) }, labels: [0, 1, 2, 1],
      size: 1)
    let set = Dataset(name: "s", classNames: ["x", "y", "z"], train: images, test: images)
    let chosen = try set.restricted(to: ["z", "y"])
    #expect(chosen.train.labels == [1, 0, 1] && chosen.classNames == ["z", "y"])
    #expect(chosen.test.bytes == [1, 1, 1, 2, 2, 2, 3, 3, 3])
    #expect(chosen.notes == ["2 of 3 classes"])
    #expect(throws: DatasetError.self) { try set.restricted(to: ["x", "w"]) }
  }

  /// Decoded by the low frequencies of its blocks, a large picture gives nearly what its area mean
  /// gives, and two pixels or more for each of the result.
  @Test func largePicturesAreShrunkWhileTheyAreDecoded() throws {
    let file = try JPEG.encode(
      picture(width: 300, height: 260) { row, column in
        [UInt8(row * 255 / 260), UInt8(column * 255 / 300), 90]
      }, width: 300, height: 260, quality: 95)
    #expect(try JPEG.decode(file, atLeastTwice: 32).width == 75)
    #expect(try JPEG.decode(file, atLeastTwice: 33).width == 150)
    #expect(try JPEG.decode(file, atLeastTwice: 100).width == 300)
    let folder = try folder()
    folder.write(file, "train/ant/gray.jpg")
    let small = try load(folder).train.bytes[0..<3072]
    for (position, value) in small.enumerated() where position % 3 == 0 {
      let row = position / 3 / 32
      #expect(abs(Double(value) - (Double(row) + 0.5) / 32 * 255) <= 5)
    }
  }

  /// The middle square of a wide picture, then the area mean.
  @Test func widePicturesAreCroppedToTheirCenter() throws {
    let folder = try folder()
    let stripes = picture(width: 192, height: 64) { _, column in
      column < 64 ? [255, 255, 255] : column < 128 ? [100, 100, 100] : [0, 0, 0]
    }
    folder.write(
      try JPEG.encode(stripes, width: 192, height: 64, quality: 100), "train/ant/gray.jpg")
    let set = try load(folder)
    #expect(set.train.bytes[0..<3072].allSatisfy { abs(Int($0) - 100) <= 3 })
  }

  private func expectError(_ folder: TemporaryFolder, _ kind: DatasetError.Kind, _ problem: String)
  {
    let error = #expect(throws: DatasetError.self) { try load(folder) }
    #expect(error?.kind == kind)
    #expect("\(error!)".contains(problem), "\(error!)")
  }

  @Test func aTruncatedImageStopsTheLoadOrIsSkippedAndNamed() throws {
    let folder = try folder()
    let whole = try JPEG.encode(
      picture(width: 64, height: 64) { [UInt8($0 * 3), UInt8($1 * 3), UInt8(($0 * $1) & 255)] },
      width: 64, height: 64)
    folder.write(Array(whole.prefix(whole.count / 2)), "train/zebra/c.jpeg")
    expectError(folder, .malformed, "train/zebra/c.jpeg: is not a whole JPEG image")
    let set = try load(folder, onDamaged: .skip)
    #expect(set.train.count == 3)
    let note = try #require(set.notes.first { $0.hasPrefix("1 damaged image skipped") })
    #expect(note.contains("zebra/c.jpeg"))
  }

  @Test func aPNGUnderAJPEGsNameIsReadAsOne() throws {
    let folder = try folder()
    folder.write([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0], "train/zebra/c.jpeg")
    expectError(folder, .malformed, "is not a whole PNG image: the file is cut off")
  }

  /// A header may claim any size: nothing is allocated for it.
  @Test func anImageThatClaimsToBeHugeIsRefused() throws {
    let folder = try folder()
    var bytes = try jpeg(width: 64, height: 64, [1, 2, 3])
    // The start-of-frame marker FF C0: height and width stand 5 bytes behind it.
    let frame = try #require(
      (0..<bytes.count - 9).first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xC0 })
    // 60,000 × 60,000: within what the format allows.
    for i in 5..<9 { bytes[frame + i] = i % 2 == 1 ? 0xEA : 0x60 }
    folder.write(bytes, "train/zebra/c.jpeg")
    expectError(folder, .malformed, "more than the limit")
  }

  @Test func emptyFoldersAndStrayClassesAreNamed() throws {
    let empty = TemporaryFolder()
    expectError(empty, .missing, "train: no such folder")
    empty.write([0], "train/file.jpg")
    expectError(empty, .malformed, "has no class folders")
    let stray = try folder()
    stray.write([0], "test/yak/x.jpg")
    expectError(stray, .malformed, "test/yak: is a class that train/ does not have")
    let hollow = try folder()
    hollow.write([0], "train/bee/readme.txt")
    expectError(hollow, .malformed, "no pictures (JPEG, PNG and WebP) for class bee")
  }
}
