public import Files
public import Networks
public import Tensors

/// Weights of a network that another program trained, as a safetensors file with the names of
/// torchvision or of the usual CIFAR ResNets: cut into an extractor and a head.
public struct WeightImport: Sendable {
  /// A depth or width that nothing was said about is taken from the file.
  public struct Options: Sendable {
    public var name = Architecture.Name.resnet
    public var depth: Int?
    public var width: Double?
    public var split: Split?
    public var resolution: Architecture.Resolution?
    /// By output, canonical.
    public var classNames: [String]
    /// How the program prepared its images; it is in no weight file.
    public var preprocessing: Preprocessing
    /// `running` is what PyTorch does in evaluation mode.
    public var batchNorm = BatchNormPolicy.running

    public init(classNames: [String], preprocessing: Preprocessing) {
      self.classNames = classNames
      self.preprocessing = preprocessing
    }
  }

  public let architecture: Architecture
  public let classNames: [String]
  private let options: Options
  private let tensors: [String: SafetensorsFile.Entry]
  private let digest: String
  private let path: String

  /// Reads the file and finds out which network it holds.
  ///
  /// A prefix `module.` that all names have is dropped, `num_batches_tracked` passed over, and the
  /// last layer may be called `fc` or `linear`. Nothing else is renamed, guessed or left out.
  /// - Throws: `FileError`, `ArchitectureError`.
  public init(_ path: String, _ options: Options) throws {
    let bytes = try ComponentFile.bytes(path)
    let index: SafetensorsIndex
    do {
      index = try SafetensorsIndex(bytes: bytes)
    } catch {
      throw FileError(kind: .malformed, path: path, problem: "\(error)")
    }
    func malformed(_ problem: String) -> FileError {
      FileError(kind: .malformed, path: path, problem: problem)
    }
    let isWrapped = !index.items.isEmpty && index.items.allSatisfy { $0.name.hasPrefix("module.") }
    var found: [String: SafetensorsFile.Entry] = [:]
    for item in index.items {
      var name = isWrapped ? String(item.name.dropFirst(7)) : item.name
      if name.hasSuffix(".num_batches_tracked") { continue }
      if name.contains("shortcut.") || name.contains("downsample.") {
        throw malformed(
          "tensor “\(name)”: weights in a shortcut; a CIFAR ResNet's have none (He et al. 2016, "
            + "option A)")
      }
      guard item.dtype == .f32 else {
        throw malformed(
          "tensor “\(name)”: expected F32, got \(item.dtype.rawValue); convert it first "
            + "(in PyTorch: tensor.float())")
      }
      for (other, own) in [("fc", "linear"), ("linear", "fc")]
      where name.hasPrefix("\(other).") && Architecture(name: options.name).classifier == own {
        name = own + name.dropFirst(other.count)
      }
      found[name] = index.entry(item, in: bytes)
    }
    architecture = try Self.architecture(found, options)
    let (size, divisor) = (options.preprocessing.imageSize, architecture.cut.spatialDivisor)
    guard size % divisor == 0 else {
      throw malformed("an image size of \(size) is no multiple of \(divisor), as this cut needs")
    }
    let bias = "\(architecture.classifier).bias"
    guard found[bias]?.shape == [options.classNames.count] else {
      throw malformed(
        found[bias].map {
          "tensor “\(bias)”: it has \($0.shape) outputs, \(options.classNames.count) class names "
            + "were given"
        } ?? "tensor “\(bias)” is missing")
    }
    tensors = found
    classNames = options.classNames
    self.options = options
    digest = Digest.hex(bytes)
    self.path = path
  }

  /// Extractor and head on a device. They share the anchor `source-file`, the file's SHA-256.
  /// - Throws: `FileError` where tensors are missing, left over or of another shape.
  public func components(
    on backend: any Backend
  ) throws(FileError) -> (FeatureExtractor, TaskHead) {
    let extractor = architecture.makeExtractor(on: backend, seed: 0)
    let head = architecture.makeHead(classes: classNames.count, on: backend, seed: 0)
    try WeightLayout.check(
      tensors, fit: Sequential(extractor.layers + head.layers), path: path)
    for layers in [extractor, head] { WeightLayout.upload(tensors, to: layers, on: backend) }
    var lineage = Lineage(origin: .importing)
    lineage.parents = [.init(role: "source-file", digest: digest)]
    let stamp = ComponentStamp(
      batchNorm: options.batchNorm, featureSpace: FeatureSpace([Anchor(.sourceFile, digest)]),
      lineage: lineage)
    return (
      FeatureExtractor(
        architecture: architecture, preprocessing: options.preprocessing, layers: extractor,
        stamp: stamp),
      TaskHead(
        architecture: architecture, classNames: classNames, layers: head, stamp: stamp)
    )
  }

  private static func architecture(
    _ tensors: [String: SafetensorsFile.Entry], _ options: Options
  ) throws -> Architecture {
    var (depth, width) = (options.depth, options.width)
    /// How many blocks stand under a prefix.
    func blocks(_ prefix: String) -> Int {
      Set(
        tensors.keys.lazy.filter { $0.hasPrefix(prefix) }
          .compactMap { $0.dropFirst(prefix.count).split(separator: ".").first }
      ).count
    }
    func channels(_ name: String) -> Double? {
      tensors["\(name).weight"]?.shape.first.map { (Double($0) / 16).rounded() }
    }
    switch options.name {
    case .resnet:
      depth = depth ?? 6 * max(1, blocks("layer1.")) + 2
      width = width ?? channels("layer1.0.conv1")
    case .wideResNet:
      depth = depth ?? 6 * max(1, blocks("block1.layer.")) + 4
      width = width ?? channels("block1.layer.0.conv1")
    case .mobileNetV2: break
    }
    let architecture = Architecture(
      name: options.name, depth: depth, width: width, split: options.split,
      resolution: options.resolution)
    try architecture.validate()
    return architecture
  }
}
