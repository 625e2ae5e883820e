/// Kinds of data sets, by the names that recipes have for them.
public enum DatasetKind: String, Codable, Sendable, CaseIterable {
  case cifar10, cifar100, stl10, folder
  /// Images without labels.
  case images
  case syntheticInk = "made-up-ink"
  case syntheticNeon = "made-up-neon"

  /// Synthetic sets are drawn by code and read no files.
  public var needsPath: Bool { self != .syntheticInk && self != .syntheticNeon }

  /// By label, of the sets whose classes are built in.
  public var classNames: [String]? {
    switch self {
    case .cifar10: CIFAR.cifar10Names
    case .cifar100: CIFAR.cifar100Names
    case .stl10: STL10.classNames
    case .syntheticInk, .syntheticNeon, .folder, .images: nil
    }
  }

  /// Synonyms that hold without being asked for: STL-10 calls an automobile a car.
  public var synonyms: [String: String] { self == .stl10 ? ["car": "automobile"] : [:] }
}

extension Dataset {
  /// Loads a data set at `imageSize` × `imageSize`.
  /// - Parameters:
  ///   - kind: what is at the path.
  ///   - path: the folder; synthetic sets take none.
  ///   - imageSize: height and width, pixels.
  ///   - framing: how pictures become squares; synthetic ones are drawn as such.
  ///   - onDamaged: what is done about a file that cannot be decoded.
  ///   - memory: bytes of training images that are held; an image folder with more is streamed.
  ///   - fraction: share of each class's images that is held out for tests, where an image folder
  ///     has no test part.
  public static func load(
    _ kind: DatasetKind, path: String?, imageSize: Int, framing: Framing = .square,
    onDamaged: DamagedImages = .fail, memory: Int = .max, test fraction: Double? = nil
  ) throws(DatasetError) -> Dataset {
    let form = PictureForm(size: imageSize, framing: framing)
    switch (kind, path) {
    case (.syntheticInk, _): return SyntheticDomain.ink.dataset(size: imageSize)
    case (.syntheticNeon, _): return SyntheticDomain.neon.dataset(size: imageSize)
    case (_, nil):
      throw DatasetError(
        .missing, path: kind.rawValue, problem: "no path given", advice: "Give its folder.")
    case (.cifar10, let path?):
      return try CIFAR.load10(at: path, imageSize: imageSize, framing: framing)
    case (.cifar100, let path?):
      return try CIFAR.load100(at: path, imageSize: imageSize, framing: framing)
    case (.stl10, let path?):
      return try STL10.load(at: path, imageSize: imageSize, framing: framing)
    case (.folder, let path?):
      return try ImageFolder.load(
        at: path, form: form, onDamaged: onDamaged, memory: memory, test: fraction)
    case (.images, let path?):
      return try UnlabeledImages.load(
        at: path, form: form, onDamaged: onDamaged, memory: memory)
    }
  }
}
