import Datasets
import Foundation
import TestSupport
import Testing

/// Ten thousand damaged files a format: each loads, or is refused with an error of ours; none
/// traps.
@Suite struct MutationTests {
  private func load(_ kind: DatasetKind, _ folder: TemporaryFolder) {
    do {
      let set = try Dataset.load(kind, path: folder.path, imageSize: 8)
      #expect(set.train.labels.allSatisfy { set.classNames.indices.contains(Int($0)) })
    } catch is DatasetError {
    } catch {
      Issue.record("\(error)")
    }
  }

  @Test func cifar() {
    let folder = TemporaryFolder()
    var good: [UInt8] = []
    for label in [UInt8(0), 1] {
      good.append(label)
      good += [UInt8](repeating: 40 * label + 9, count: 3072)
    }
    folder.write(good, "test_batch.bin")
    for mutation in Mutations(of: good, count: 10_000) {
      folder.write(mutation, "data_batch_1.bin")
      load(.cifar10, folder)
    }
  }

  @Test func stl10() {
    let folder = TemporaryFolder()
    let image = [UInt8](repeating: 77, count: 96 * 96 * 3)
    for part in ["train", "test"] {
      folder.write(image, "\(part)_X.bin")
      folder.write([3], "\(part)_y.bin")
    }
    folder.write(Array("airplane\nbird\ncar\n".utf8), "class_names.txt")
    // Sizes are what can go wrong: labels against images, both too short or too long.
    for (index, mutation) in Mutations(of: [3, 1, 2], count: 5000).enumerated() {
      folder.write(mutation, index % 2 == 0 ? "train_y.bin" : "test_y.bin")
      load(.stl10, folder)
    }
    for mutation in Mutations(of: image, count: 5000) {
      folder.write(mutation, "train_X.bin")
      load(.stl10, folder)
    }
  }

  @Test func jpeg() throws {
    let pixels = (0..<24 * 20 * 3).map { UInt8($0 * 7 % 256) }
    let good = try JPEG.encode(pixels, width: 24, height: 20, quality: 80)
    var decoded = 0
    for mutation in Mutations(of: good, count: 10_000) {
      guard let image = try? JPEG.decode(mutation, atLeastTwice: 4) else { continue }
      #expect(image.rgb.count == image.width * image.height * 3)
      decoded += 1
    }
    #expect(decoded > 0 && decoded < 10_000)
  }

  /// Whatever stands in a file: a picture of its size, or an error.
  @Test(arguments: [
    "png-rgba-8-interlaced", "png-palette-4-key", "webp-lossy", "webp-lossless-alpha",
    "webp-animation", "orientation-6-jpeg", "orientation-6-png", "orientation-6-webp",
  ])
  func pictures(_ name: String) throws {
    let good = try #require(try PictureFixture.all()[name]).file
    for mutation in Mutations(of: Array(good), count: 2000) {
      guard let image = try? Picture.square(mutation, size: 4) else { continue }
      #expect(image.count == 4 * 4 * 3)
    }
  }
}
