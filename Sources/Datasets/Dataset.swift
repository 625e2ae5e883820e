/// Labeled images in memory: a training or a test part.
public struct ImageSet: Sendable {
  /// `[count, size, size, 3]`, RGB interleaved.
  public let bytes: [UInt8]
  /// Index into the data set's class names, one an image.
  public let labels: [Int32]
  /// Height and width, pixels.
  public let size: Int
  /// The same object in all copies of one set, and in no other.
  public let identity = Identity()

  /// Tells sets apart without a look at their bytes.
  public final class Identity: Sendable {}

  /// How many images.
  public var count: Int { labels.count }

  /// A set of its own, with an identity of its own.
  /// - Precondition: labels.count images of size × size.
  public init(bytes: [UInt8], labels: [Int32], size: Int) {
    precondition(
      bytes.count == labels.count * size * size * 3,
      "\(labels.count) images of \(size)×\(size) need \(labels.count * size * size * 3) bytes, "
        + "got \(bytes.count)")
    self.bytes = bytes
    self.labels = labels
    self.size = size
  }

  /// The images at `indices`, in that order.
  public func subset(_ indices: [Int]) -> ImageSet {
    let stride = size * size * 3
    var chosen: [UInt8] = []
    chosen.reserveCapacity(indices.count * stride)
    for i in indices { chosen += bytes[i * stride..<(i + 1) * stride] }
    return ImageSet(bytes: chosen, labels: indices.map { labels[$0] }, size: size)
  }
}

/// A data set as the trainer sees it: two parts and their class names.
public struct Dataset: Sendable {
  /// What it is, as printed: "CIFAR-10", "folder tin10".
  public let name: String
  /// As the data set names them, by label.
  public let classNames: [String]
  /// Empty where the training images are streamed.
  public let train: ImageSet
  /// Never streamed.
  public let test: ImageSet
  /// Training images that are decoded when they are wanted.
  public let stream: ImageStream?
  /// What a reader of a result must know: "partial: 20,000 of 50,000 training images".
  public let notes: [String]

  /// Canonical names of classes that synonyms made one of, as they were before.
  public let merged: Set<String>

  /// Training images, in memory or streamed.
  public var trainCount: Int { stream?.count ?? train.count }

  public init(
    name: String, classNames: [String], train: ImageSet, test: ImageSet, notes: [String] = [],
    stream: ImageStream? = nil, merged: Set<String> = []
  ) {
    self.name = name
    self.classNames = classNames
    self.train = train
    self.test = test
    self.notes = notes
    self.stream = stream
    self.merged = merged
  }
}

/// Per-channel mean and standard deviation of pixel values in [0, 1].
public struct Normalization: Codable, Hashable, Sendable {
  /// Red, green, blue.
  public var mean: [Float]
  /// Likewise.
  public var std: [Float]

  public init(mean: [Float], std: [Float]) {
    self.mean = mean
    self.std = std
  }
}
