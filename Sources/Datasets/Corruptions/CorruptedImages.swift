import Dispatch
import Tensors

extension Dataset {
  /// The same classes, with all training and test images corrupted. What is drawn at random depends
  /// on seed, part and the image's place alone, so that a data set is the same in every run.
  /// - Throws: `DatasetError` where the training images are streamed.
  public func corrupted(
    by corruption: Corruption, seed: UInt64 = 0
  ) throws(DatasetError) -> Dataset {
    guard stream == nil else {
      throw DatasetError(
        .malformed, path: name, problem: "is streamed, and images cannot be corrupted",
        advice: "Hold the images in memory.")
    }
    return Dataset(
      name: "\(name), \(corruption)", classNames: classNames,
      train: train.corrupted(by: corruption, seed: seed, part: 0),
      test: test.corrupted(by: corruption, seed: seed, part: 1),
      notes: notes + ["all images corrupted by code: \(corruption)"], merged: merged)
  }
}

extension ImageSet {
  /// Image by image, on all cores.
  /// - Parameters:
  ///   - corruption: what is done.
  ///   - seed: of what is drawn at random.
  ///   - part: tells apart sets whose images stand in the same places.
  public func corrupted(by corruption: Corruption, seed: UInt64 = 0, part: UInt32) -> ImageSet {
    let length = size * size * 3
    let size = size
    var made = [UInt8](repeating: 0, count: bytes.count)
    let count = count
    bytes.withUnsafeBufferPointer { source in
      made.withUnsafeMutableBufferPointer { target in
        // Each iteration writes its own images alone.
        nonisolated(unsafe) let from = source
        nonisolated(unsafe) let to = target
        let chunk = 64
        DispatchQueue.concurrentPerform(iterations: (count + chunk - 1) / chunk) { block in
          for image in block * chunk..<min((block + 1) * chunk, count) {
            var random = RandomStream(
              seed: seed, .corruption, stream: UInt32(image), step: part)
            let pixels = Array(from[image * length..<(image + 1) * length])
            let result = corruption.applied(to: pixels, size: size, random: &random)
            for (index, value) in result.enumerated() { to[image * length + index] = value }
          }
        }
      }
    }
    return ImageSet(bytes: made, labels: labels, size: size)
  }
}
