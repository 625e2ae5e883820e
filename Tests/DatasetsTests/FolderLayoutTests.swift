import Datasets
import Foundation
import Testing

/// Folders as people bring them.
@Suite struct FolderLayoutTests {
  private func picture(_ value: Int) -> [UInt8] {
    try! JPEG.encode(
      [UInt8](repeating: UInt8(value), count: 64), width: 8, height: 8, components: 1)
  }

  private func folder(_ names: [String]) -> TemporaryFolder {
    let folder = TemporaryFolder()
    for (index, name) in names.enumerated() { folder.write(picture(index + 1), name) }
    return folder
  }

  private func load(
    _ folder: TemporaryFolder, test: Double? = nil, memory: Int = .max,
    onDamaged: DamagedImages = .fail
  ) throws -> Dataset {
    try Dataset.load(
      .folder, path: folder.path, imageSize: 8, onDamaged: onDamaged, memory: memory, test: test)
  }

  private func problem(_ folder: TemporaryFolder, test: Double? = nil) -> String {
    let error = #expect(throws: DatasetError.self) { try load(folder, test: test) }
    return error?.description ?? ""
  }

  private let flat = ["bird", "cat"].flatMap { name in (0..<10).map { "\(name)/\($0).jpg" } }

  @Test func classesWithoutPartsAreSplitOnRequest() throws {
    let folder = folder(flat)
    let words = problem(folder)
    #expect(words.contains("folders of pictures without train/ and test/: bird, cat"))
    #expect(words.contains("test: 0.2"))
    let set = try load(folder, test: 0.2)
    #expect(set.classNames == ["bird", "cat"])
    #expect(set.train.labels.filter { $0 == 0 }.count == 8 && set.train.count == 16)
    #expect(set.test.labels == [0, 0, 1, 1])
    #expect(set.notes.contains { $0.hasPrefix("test: 0.2: 4 of 20 images held out") })
    // The same wherever the folder lies, and streamed.
    let again = try load(self.folder(flat), test: 0.2, memory: 0)
    #expect(again.test.bytes == set.test.bytes && again.trainCount == 16)
    // However small or large the fraction is, both parts have each class.
    #expect(try load(folder, test: 0.01).test.count == 2)
    #expect(try load(folder, test: 0.99).train.count == 2)
  }

  @Test func aTrainingPartAloneIsSplitOnRequest() throws {
    let folder = folder(flat.map { "train/\($0)" })
    #expect(problem(folder).contains("test: 0.2"))
    #expect(try load(folder, test: 0.5).test.count == 10)
    folder.write(picture(99), "val/cat/1.jpg")
    #expect(problem(folder, test: 0.5).contains("val: is there, and test: 0.5 was asked for"))
  }

  @Test(arguments: [
    ("Train", "Test"), ("TRAIN", "VAL"), ("training", "validation"), ("train", "Valid"),
  ]) func partsAreFoundInAnyCase(_ train: String, _ test: String) throws {
    let set = try load(folder(["\(train)/a/1.jpg", "\(train)/b/1.JPG", "\(test)/a/2.Jpeg"]))
    #expect(set.train.count == 2 && set.test.count == 1)
    #expect(set.notes == ["the test part has no images of 1 of 2 classes: b"])
  }

  @Test func ofTwoTestPartsOneIsTakenAndSaid() throws {
    let set = try load(folder(["train/a/1.jpg", "test/a/2.jpg", "val/a/3.jpg", "val/a/4.jpg"]))
    #expect(set.test.count == 1)
    #expect(set.notes == ["test/ is the test part, not looked at: val/"])
  }

  @Test func whatIsOneLevelTooHighIsSaid() {
    #expect(problem(folder(["pets/train/a/1.jpg"])).contains("but there is one in pets/"))
    #expect(problem(folder(["test/a/1.jpg"])).contains("though test/ is there"))
    #expect(
      problem(folder(["train/a/images/1.jpg", "test/a/1.jpg"]))
        .contains("there is a folder images/ in it"))
  }

  @Test func whatOthersLeaveBehindIsPassedOver() throws {
    let folder = folder([
      "train/a/1.jpg", "test/a/2.jpg", "__MACOSX/train/a/._1.jpg", "train/__MACOSX/x/1.jpg",
      "train/.DS_Store/1.jpg", "train/a/.DS_Store", "train/a/._1.jpg",
    ])
    let set = try load(folder)
    #expect(set.classNames == ["a"] && set.train.count == 1 && set.notes.isEmpty)
  }

  @Test func whatIsLeftOutIsCounted() throws {
    let folder = folder(["train/a/1.jpg", "test/a/2.jpg"])
    for index in 0..<12 { folder.write([1], "train/a/\(index).txt") }
    for index in 0..<8 { folder.write([1], "test/a/\(index).GIF") }
    folder.write([1], "train/a/README")
    let set = try load(folder)
    #expect(
      set.notes == [
        "21 files are no pictures that Dovetail reads, left out: 12 .txt, 8 .gif, 1 without extension"
      ])
  }

  @Test func bothFormsOfAUnicodeNameAreOneClass() throws {
    let set = try load(
      folder(["train/caf\u{E9}/1.jpg", "train/cafe\u{301}/2.jpg", "test/cafe\u{301}/3.jpg"]))
    #expect(set.classNames == ["caf\u{E9}"] && set.train.count == 2 && set.test.count == 1)
  }

  @Test func classesThatDifferInCaseStandSideBySide() throws {
    let letters = ["A", "B", "a", "b"]
    let set = try load(folder(letters.flatMap { ["train/\($0)/1.jpg", "test/\($0)/1.png"] }))
    #expect(set.classNames == letters)
    #expect(try ClassMap([(set.classNames, [:])]).names[0] == letters)
    // Where case tells nothing apart, it does not matter.
    #expect(try load(folder(["train/Cat/1.jpg", "test/cat/2.jpg"])).classNames == ["Cat"])
  }

  @Test func imagesInBothPartsAreCounted() throws {
    let folder = folder(["train/a/1.jpg", "train/b/1.jpg", "test/a/3.jpg", "test/b/4.jpg"])
    folder.write(picture(1), "test/b/x.jpg")
    for memory in [Int.max, 0] {
      let notes = try load(folder, memory: memory).notes
      let note = try #require(notes.first { $0.contains("equal files") })
      #expect(note.hasPrefix("1 of 3 test images stand among the training images, too"))
      #expect(note.hasSuffix(": test/b/x.jpg = train/a/1.jpg"))
    }
  }

  /// PNG, JPEG and WebP beside each other, held and streamed.
  @Test func allFormatsAreStreamedAsTheyAreHeld() throws {
    let folder = folder(["test/a/1.jpg"])
    let all = try PictureFixture.all().sorted { $0.key < $1.key }
    for (index, (name, fixture)) in all.enumerated() {
      let ending = name.contains("jpeg") ? "JPG" : name.contains("webp") ? "webp" : "png"
      folder.write(Array(fixture.file), "train/a/\(name).\(index % 9 == 0 ? "jpg" : ending)")
    }
    let held = try load(folder)
    let stream = try #require(try load(folder, memory: 0).stream)
    #expect(held.train.count == all.count && stream.normalization == held.train.normalization)
    let decoder = MinibatchDecoder(stream, batchSize: all.count, steps: 1) { _ in
      Array(all.indices)
    }
    #expect(try decoder.minibatch(0).bytes == held.train.bytes)
  }

  @Test func linksThatLeadNowhereAreNamed() throws {
    let folder = folder(["train/a/1.jpg", "test/a/2.jpg"])
    try FileManager.default.createSymbolicLink(
      atPath: "\(folder.path)/train/a/3.jpg", withDestinationPath: "/nowhere/3.jpg")
    #expect(
      problem(folder).contains("train/a/3.jpg: is a link to /nowhere/3.jpg, which is not there"))
    #expect(try load(folder, onDamaged: .skip).train.count == 1)
    try FileManager.default.createSymbolicLink(
      atPath: "\(folder.path)/train/b", withDestinationPath: "/nowhere/b")
    #expect(problem(folder).contains("train/b: is a link to /nowhere/b, which is not there"))
  }

  @Test func cifarsPythonVersionIsNamed() {
    let folder = TemporaryFolder()
    folder.write([0x80], "cifar-10-batches-py/data_batch_1")
    let error = #expect(throws: DatasetError.self) {
      try Dataset.load(.cifar10, path: folder.path, imageSize: 32)
    }
    #expect("\(error!)".contains("Python version of CIFAR-10"))
    #expect("\(error!)".contains("cifar-10-binary.tar.gz"))
  }
}
