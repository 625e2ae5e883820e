import Files
import Foundation
import Tensors

/// Training images that stay in their files until a minibatch takes them.
///
/// It is made from the list of files and a sample of their pixels, so that a folder of any size is
/// ready at once; `MinibatchDecoder` decodes for a training.
public struct ImageStream: Sendable {
  /// Mean and deviation are those of at most so many images, drawn at random where there are more.
  public static let normalizationSample = 10_000

  private let form: PictureForm
  /// Height and width, pixels.
  public var size: Int { form.size }
  /// Index into the data set's class names, one an image.
  public private(set) var labels: [Int32]
  /// By the training images, or a sample of them.
  public let normalization: Normalization
  /// SHA-256 over relative path, bytes in the file and label of each, not over pixels.
  private(set) var digest: [UInt8]
  private let paths: [String]
  private let onDamaged: DamagedImages

  /// How many images.
  public var count: Int { labels.count }

  /// - Parameter files: below `root`, in the order of their indices.
  /// - Throws: `DatasetError` for a file without a size, and for a damaged one in the sample unless
  ///   such are skipped.
  init(
    _ files: [(path: String, label: Int32)], root: String, form: PictureForm,
    onDamaged: DamagedImages
  ) throws(DatasetError) {
    self.form = form
    self.onDamaged = onDamaged
    paths = files.map(\.path)
    labels = files.map(\.label)
    digest = try Self.digest(files, root: root)
    normalization = try Self.normalization(paths, form, onDamaged: onDamaged)
  }

  /// The same images under other labels.
  func relabeled(_ label: (Int32) -> Int32) -> ImageStream {
    var result = self
    result.labels = labels.map(label)
    var builder = Digest.Builder()
    builder.add(digest)
    builder.add(result.labels.flatMap { "\($0)\n".utf8 })
    result.digest = builder.bytes
    return result
  }

  /// What a reader of a result must know.
  var note: String {
    "training images streamed"
      + (count > Self.normalizationSample
        ? "; mean and deviation of \(Self.normalizationSample) of \(count)" : "")
  }

  private static func digest(
    _ files: [(path: String, label: Int32)], root: String
  ) throws(DatasetError) -> [UInt8] {
    var builder = Digest.Builder()
    for file in files {
      var found = stat()
      guard stat(file.path, &found) == 0 else {
        throw DatasetError(
          .malformed, path: file.path, problem: "cannot be read", advice: "Check its permissions.")
      }
      let name = file.path.dropFirst(file.path.hasPrefix(root) ? root.count : 0)
      builder.add(Array("\(name)\n\(found.st_size) \(file.label)\n".utf8))
    }
    return builder.bytes
  }

  private static func normalization(
    _ paths: [String], _ form: PictureForm, onDamaged: DamagedImages
  ) throws(DatasetError) -> Normalization {
    var chosen = Array(paths.indices)
    if paths.count > normalizationSample {
      var random = RandomStream(seed: 0, .evaluationOrder)
      chosen = random.permutation(paths.count).prefix(normalizationSample).sorted()
    }
    var notes: [String] = []
    return try ImageFolder.decode(
      chosen.map { (paths[$0], 0) }, form, onDamaged, &notes
    ).normalization
  }

  // MARK: Pixels

  struct Decoded {
    let pixels: [UInt8]
    let label: Int32
    /// Files in whose place it was taken.
    let skipped: [String]
  }

  /// The image at `index`, or the next intact one, in their order, where damaged ones are skipped.
  func decode(_ index: Int) throws(DatasetError) -> Decoded {
    var skipped: [String] = []
    for offset in 0..<count {
      let taken = (index + offset) % count
      switch ImageFolder.decode(paths[taken], form) {
      case .success(let pixels):
        return Decoded(pixels: pixels, label: labels[taken], skipped: skipped)
      case .failure(let error):
        guard onDamaged == .skip else { throw error }
        skipped.append(paths[taken])
      }
    }
    throw DatasetError(
      .malformed, path: paths[index], problem: "and all other images are damaged",
      advice: "Restore them.")
  }
}
