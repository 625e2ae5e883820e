import Datasets
import Foundation
import Testing

@Suite struct MinibatchDecoderTests {
  private static let size = 8

  /// 24 pictures in two classes; those of `damaged` are cut off in the middle.
  private func folder(damaged: Set<Int> = []) throws -> TemporaryFolder {
    let folder = TemporaryFolder()
    for index in 0..<24 {
      let pixels = (0..<32 * 32 * 3).map { UInt8(($0 * (index + 2) + index * 9) % 250) }
      let file = try JPEG.encode(pixels, width: 32, height: 32)
      let name = "\(index < 12 ? "ant" : "bee")/\(index + 10).jpg"
      folder.write(
        damaged.contains(index) ? Array(file.prefix(file.count / 2)) : file, "train/\(name)")
      folder.write(file, "test/\(name)")
    }
    return folder
  }

  private func load(
    _ folder: TemporaryFolder, _ onDamaged: DamagedImages = .fail, memory: Int = 0
  ) throws -> Dataset {
    try Dataset.load(
      .folder, path: folder.path, imageSize: Self.size, onDamaged: onDamaged, memory: memory)
  }

  private static func indices(_ step: Int) -> [Int] {
    (0..<5).map { (step * 7 + $0 * $0) % 24 }
  }

  @Test(arguments: [1, 2, 7]) func minibatchesAreThoseThatWereAskedFor(_ threads: Int) throws {
    let folder = try folder()
    let bytes = 24 * Self.size * Self.size * 3
    let held = try load(folder, memory: bytes)
    let streamed = try load(folder, memory: bytes - 1)
    let stream = try #require(streamed.stream)
    #expect(held.stream == nil && held.train.count == 24 && held.trainCount == 24)
    #expect(streamed.train.count == 0 && streamed.trainCount == 24)
    #expect(streamed.notes.last == "training images streamed")
    #expect(streamed.test.bytes == held.test.bytes)
    #expect(stream.normalization == held.train.normalization)
    let decoder = MinibatchDecoder(
      stream, batchSize: 5, steps: 40, threads: threads, indices: Self.indices)
    // Also with a gap, and after the last one.
    for step in Array(0..<20) + [30, 31, 50] {
      let minibatch = try decoder.minibatch(step)
      let expected = held.train.subset(Self.indices(step))
      #expect(minibatch.bytes == expected.bytes && minibatch.labels == expected.labels)
    }
    #expect(decoder.skipped.isEmpty)
  }

  /// What is decoded ahead is limited, and ends with the training.
  @Test func noMoreIsBegunThanTheTrainingTakes() throws {
    let folder = try folder()
    let stream = try #require(try load(folder).stream)
    func asked(steps: Int, batchSize: Int) throws -> [Int] {
      var asked: [Int] = []
      let decoder = MinibatchDecoder(stream, batchSize: batchSize, steps: steps, threads: 2) {
        asked.append($0)
        return Self.indices($0)
      }
      for step in 0..<2 { _ = try decoder.minibatch(step) }
      return asked
    }
    #expect(try asked(steps: 6, batchSize: 5) == Array(0..<6))
    #expect(try asked(steps: 100, batchSize: 5) == Array(0..<18))
    // A minibatch of which three fill 256 MiB.
    #expect(try asked(steps: 100, batchSize: (256 << 20) / 192 / 3) == Array(0..<5))
  }

  /// The next intact one stands in the place of a damaged one, with its own label: of 11 that is
  /// 13, of another class, as 12 is damaged too; of 23, the last, it is 0.
  @Test(arguments: [1, 2, 7]) func damagedFilesAreReplacedAndNamed(_ threads: Int) throws {
    let folder = try folder(damaged: [11, 12, 23])
    let intact = try load(self.folder(), memory: .max)
    let stream = try #require(try load(folder, .skip).stream)
    let decoder = MinibatchDecoder(stream, batchSize: 3, steps: 9, threads: threads) {
      [[3, 23, 4], [11, 0, 12], [23, 11, 7], [1, 2, 3]][min($0, 3)]
    }
    func expect(_ step: Int, _ indices: [Int]) throws {
      let minibatch = try decoder.minibatch(step)
      let expected = intact.train.subset(indices)
      #expect(minibatch.bytes == expected.bytes && minibatch.labels == expected.labels)
    }
    try expect(0, [3, 0, 4])
    // Those of minibatches that nobody has taken are not named yet.
    #expect(decoder.skipped == ["\(folder.path)/train/bee/33.jpg"])
    try expect(1, [13, 0, 13])
    try expect(2, [0, 13, 7])
    #expect(decoder.skipped.map { $0.suffix(10) } == ["bee/33.jpg", "ant/21.jpg", "bee/22.jpg"])
  }

  /// The first minibatch that meets a damaged file names it, and those before it are whole.
  @Test func aDamagedFileStopsWhereItIsMet() throws {
    let folder = try folder()
    let stream = try #require(try load(folder).stream)
    folder.write([1, 2, 3], "train/ant/15.jpg")
    #expect(throws: DatasetError.self) { try load(folder) }
    let decoder = MinibatchDecoder(stream, batchSize: 2, steps: 4, threads: 2) { [$0 + 2, $0 + 3] }
    for step in 0..<2 { #expect(try decoder.minibatch(step).labels == [0, 0]) }
    let error = #expect(throws: DatasetError.self) { try decoder.minibatch(2) }
    #expect(error?.path == "\(folder.path)/train/ant/15.jpg")
    #expect("\(error!)".contains("is no picture: it starts with the bytes 01 02 03"))
  }

  @Test func allImagesMayBeDamagedAfterAll() throws {
    let folder = try folder()
    let stream = try #require(try load(folder, .skip).stream)
    for index in 0..<24 {
      folder.write([0], "train/\(index < 12 ? "ant" : "bee")/\(index + 10).jpg")
    }
    let decoder = MinibatchDecoder(stream, batchSize: 1, steps: 1) { _ in [5] }
    let error = #expect(throws: DatasetError.self) { try decoder.minibatch(0) }
    #expect("\(error!)".contains("15.jpg: and all other images are damaged"))
  }

  /// Where the folder lies does not matter, a file's size does.
  @Test func theDigestIsOfNamesAndSizes() throws {
    let (first, second) = (try folder(), try folder())
    let digest = try load(first).digest
    #expect(try load(second).digest == digest)
    #expect(try load(first, memory: .max).digest != digest)
    let extended = FileManager.default.contents(atPath: "\(second.path)/train/ant/10.jpg")!
    second.write([UInt8](extended) + [0], "train/ant/10.jpg")
    #expect(try load(second).digest != digest)
    func unlabeled(_ path: String) throws -> String {
      try Dataset.load(.images, path: path, imageSize: Self.size, memory: 0).digest
    }
    let third = try folder()
    #expect(try unlabeled(first.path) == unlabeled("\(third.path)/"))
  }
}
