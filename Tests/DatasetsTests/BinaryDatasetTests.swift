import Datasets
import Testing

@Suite struct BinaryDatasetTests {
  /// A CIFAR record whose pixel (row, column) of plane c is a number of its own.
  private func record(label: [UInt8]) -> [UInt8] {
    label
      + (0..<3).flatMap { plane in
        (0..<1024).map { UInt8(truncatingIfNeeded: plane * 70 + $0 / 32 * 5 + $0 % 32) }
      }
  }

  private func cifar10(_ folder: TemporaryFolder) {
    folder.write(record(label: [3]) + record(label: [9]), "data_batch_2.bin")
    folder.write(record(label: [0]), "data_batch_1.bin")
    folder.write(record(label: [7]), "test_batch.bin")
  }

  @Test func cifar10IsReadInTheOrderOfItsFiles() throws {
    let folder = TemporaryFolder()
    cifar10(folder)
    let set = try Dataset.load(.cifar10, path: folder.path, imageSize: 32)
    #expect(set.train.labels == [0, 3, 9])
    #expect(set.test.labels == [7])
    #expect(set.classNames[1] == "automobile")
    #expect(
      set.notes == [
        "partial: 3 of 50,000 training images", "partial: 1 of 10,000 test images",
      ])
    // Interleaved: pixel (2, 5) of image 1.
    let at = (1024 + 2 * 32 + 5) * 3
    #expect(Array(set.train.bytes[at..<at + 3]) == [15, 85, 155])
  }

  @Test func cifarIsFoundOneFolderAbove() throws {
    let folder = TemporaryFolder()
    for name in ["data_batch_1.bin", "test_batch.bin"] {
      folder.write(record(label: [1]), "cifar-10-batches-bin/\(name)")
    }
    #expect(try Dataset.load(.cifar10, path: folder.path, imageSize: 32).train.count == 1)
  }

  @Test func cifarShrinksByAreaMean() throws {
    let folder = TemporaryFolder()
    cifar10(folder)
    let set = try Dataset.load(.cifar10, path: folder.path, imageSize: 16)
    // (0 + 1 + 5 + 6) / 4 = 3.
    #expect(Array(set.train.bytes[0..<3]) == [3, 73, 143])
  }

  @Test func cifar100UsesTheFineLabel() throws {
    let folder = TemporaryFolder()
    folder.write(record(label: [4, 99]), "train.bin")
    folder.write(record(label: [1, 0]), "test.bin")
    let set = try Dataset.load(.cifar100, path: folder.path, imageSize: 32)
    #expect(set.train.labels == [99])
    #expect(set.classNames.count == 100)
    #expect(set.classNames[99] == "worm")
    #expect(set.classNames[0] == "apple")
  }

  @Test func namesFromTheFolderReplaceTheBuiltInOnes() throws {
    let folder = TemporaryFolder()
    cifar10(folder)
    folder.write(Array("a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n".utf8), "batches.meta.txt")
    #expect(try Dataset.load(.cifar10, path: folder.path, imageSize: 32).classNames[9] == "j")
    folder.write(Array("a\nb\n".utf8), "batches.meta.txt")
    expect(.malformed, folder.path, "expected 10 class names, found 2")
  }

  private func expect(
    _ kind: DatasetError.Kind, _ path: String, _ problem: String, _ set: DatasetKind = .cifar10,
    imageSize: Int = 32
  ) {
    let error = #expect(throws: DatasetError.self) {
      try Dataset.load(set, path: path, imageSize: imageSize)
    }
    #expect(error?.kind == kind)
    #expect("\(error!)".contains(problem), "\(error!)")
    #expect(error?.advice != nil)
  }

  @Test func aTruncatedFileIsRefusedWithBothSizes() {
    let folder = TemporaryFolder()
    cifar10(folder)
    folder.write(Array(record(label: [3]).dropLast(10)), "data_batch_2.bin")
    expect(.malformed, folder.path, "records of 3073 bytes (for example 3073), found 3063 bytes")
  }

  @Test func anEmptyFileIsRefused() {
    let folder = TemporaryFolder()
    cifar10(folder)
    folder.write([], "test_batch.bin")
    expect(.malformed, folder.path, "found 0 bytes")
  }

  @Test func aLabelOutOfRangeIsNamed() {
    let folder = TemporaryFolder()
    cifar10(folder)
    folder.write(record(label: [3]) + record(label: [10]), "data_batch_2.bin")
    expect(.malformed, folder.path, "record 1 (byte 3073): expected a label below 10, got 10")
  }

  @Test func missingFilesAndFoldersAreNamed() {
    let folder = TemporaryFolder()
    expect(.missing, "\(folder.path)/nowhere", "nowhere: no such folder")
    expect(.missing, folder.path, "data_batch_1.bin: no training file")
    folder.write(record(label: [3]), "data_batch_1.bin")
    expect(.missing, folder.path, "test_batch.bin: no such file")
    expect(.malformed, "\(folder.path)/data_batch_1.bin", "is not a folder")
    expect(.malformed, folder.path, "image-size is 64", imageSize: 64)
  }

  // MARK: STL-10

  /// One image whose plane c has `value(row, column)` plus c; column-major, as the original.
  private func stl(_ value: (Int, Int) -> UInt8) -> [UInt8] {
    (0..<3).flatMap { plane in
      (0..<96 * 96).map { value($0 % 96, $0 / 96) &+ UInt8(plane) }
    }
  }

  private func stl10(_ folder: TemporaryFolder, labels: [UInt8] = [1, 10]) {
    // Rows differ, columns do not: read row-major, this would come out turned.
    folder.write(stl { row, _ in UInt8(row) } + stl { _, column in UInt8(column) }, "train_X.bin")
    folder.write(labels, "train_y.bin")
    folder.write(stl { _, _ in 9 }, "test_X.bin")
    folder.write([2], "test_y.bin")
  }

  @Test func stl10IsColumnMajorWithLabelsFromOne() throws {
    let folder = TemporaryFolder()
    stl10(folder)
    let set = try Dataset.load(.stl10, path: folder.path, imageSize: 32)
    #expect(set.train.labels == [0, 9])
    #expect(set.test.labels == [1])
    #expect(set.classNames[2] == "car")
    // Pixel (4, 7) is the mean over rows 12…14 of the first image, columns 21…23 of the second.
    for (image, expected) in [(0, 13), (1, 22)] {
      let at = (image * 1024 + 4 * 32 + 7) * 3
      #expect(Array(set.train.bytes[at..<at + 3]) == [0, 1, 2].map { UInt8(expected + $0) })
    }
  }

  @Test func stl10LabelsAreChecked() {
    let folder = TemporaryFolder()
    stl10(folder, labels: [1, 11])
    expect(.malformed, folder.path, "record 1: expected a label from 1 to 10, got 11", .stl10)
    stl10(folder, labels: [1, 0])
    expect(.malformed, folder.path, "got 0", .stl10)
    stl10(folder, labels: [1])
    expect(.malformed, folder.path, "expected 2 labels", .stl10)
  }
}
