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
    /// Where nothing is said, what the file's weights are for, or that of the family for images of
    /// this size.
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
  /// What was done to the file's tensors beside cutting: numbers converted, a prefix taken off.
  public let notes: [String]
  private let options: Options
  private let tensors: [String: SafetensorsFile.Entry]
  /// Names as they stand in the file, the common prefix apart, and shapes.
  private let written: [String: [Int]]
  private let digest: String
  private let path: String

  /// Reads the file and finds out which network it holds.
  ///
  /// A prefix that all names have (`module.`, `model.`, `backbone.`) is dropped, `num_batches_tracked`
  /// passed over, and a layer may have its other name, if the family knows one (`fc` or `linear` for
  /// a ResNet's last). Floats of 16 and 64 bits become such of 32. Nothing else is renamed, guessed
  /// or left out.
  /// - Throws: `FileError`, `ArchitectureError`.
  public init(_ path: String, _ options: Options) throws {
    let family = try NetworkFamilies.known(options.name)
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
    let prefix = Self.commonPrefix(index.items.map(\.name))
    var notes = prefix.isEmpty ? [] : ["the prefix “\(prefix)” of all names is taken off"]
    var converted: [String: Int] = [:]
    var found: [String: SafetensorsFile.Entry] = [:]
    var written: [String: [Int]] = [:]
    for item in index.items {
      written[String(item.name.dropFirst(prefix.count))] = item.shape
      var name = family.ownName(ofTensor: String(item.name.dropFirst(prefix.count)))
      if name.hasSuffix(".num_batches_tracked") { continue }
      if let why = family.refusal(ofTensor: name) {
        throw malformed("tensor “\(name)”: \(why)")
      }
      guard item.dtype.isFloat else {
        throw malformed(
          "tensor “\(name)”: expected F32, F16, BF16 or F64, got \(item.dtype.rawValue); convert it "
            + "first (in PyTorch: tensor.float())")
      }
      if item.dtype != .f32 { converted[item.dtype.rawValue, default: 0] += 1 }
      if let (other, own) = family.layerAliases.first(where: { name.hasPrefix("\($0.key).") }) {
        name = own + name.dropFirst(other.count)
      }
      found[name] = index.entry(item, in: bytes)
    }
    for (type, count) in converted.sorted(by: { $0.key < $1.key }) {
      notes.append("\(count) tensors of \(type) are converted to F32")
    }
    (self.notes, self.written) = (notes, written)
    try found.requireFinite(path: path)
    architecture = try Self.architecture(found, options, path: path)
    let (size, divisor) = (options.preprocessing.imageSize, architecture.cut.spatialDivisor)
    guard size % divisor == 0 else {
      throw malformed("an image size of \(size) is no multiple of \(divisor), as this cut needs")
    }
    let bias = "\(architecture.classifier).bias"
    if let shape = found[bias]?.shape, shape != [options.classNames.count] {
      throw malformed(
        "tensor “\(bias)”: it has \(shape) outputs, \(options.classNames.count) class names were "
          + "given")
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
    do throws(FileError) {
      try WeightLayout.check(
        tensors, fit: Sequential(extractor.layers + head.layers), path: path)
    } catch {
      guard let other = otherArchitecture(on: backend) else { throw error }
      throw FileError(
        kind: .malformed, path: path,
        problem: "its weights are those of \(other), \(architecture) was asked for; give the "
          + "architecture \(other.name.rawValue)")
    }
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

  /// The network of another family whose weights these are, where there is one.
  private func otherArchitecture(on backend: any Backend) -> Architecture? {
    for family in NetworkFamilies.all where family.name != options.name {
      var shapes: [String: [Int]] = [:]
      for (name, shape) in written where !name.hasSuffix(".num_batches_tracked") {
        var own = family.ownName(ofTensor: name)
        if let (other, layer) = family.layerAliases.first(where: { own.hasPrefix("\($0.key).") }) {
          own = layer + own.dropFirst(other.count)
        }
        shapes[own] = shape
      }
      let sizes = family.sizes(of: WeightShapes(shapes))
      let found = Architecture(
        name: family.name, depth: sizes.depth, width: sizes.width,
        resolution: family.resolution(of: WeightShapes(shapes)),
        shortcut: family.shortcut(of: WeightShapes(shapes)),
        imageSize: options.preprocessing.imageSize)
      guard (try? found.validate()) != nil else { continue }
      let layers = Sequential(
        found.makeExtractor(on: backend, seed: 0).layers
          + found.makeHead(classes: classNames.count, on: backend, seed: 0).layers)
      if Set(WeightLayout.named(layers).map(\.0)) == Set(shapes.keys) { return found }
    }
    return nil
  }

  /// Whole words before points that all names begin with: a network's own names have none in common.
  private static func commonPrefix(_ names: [String]) -> String {
    guard names.count > 1 else { return "" }
    var prefix = ""
    while let first = names[0].dropFirst(prefix.count).split(separator: ".").first {
      let longer = "\(prefix)\(first)."
      guard names.allSatisfy({ $0.hasPrefix(longer) }) else { break }
      prefix = longer
    }
    return prefix
  }

  private static func architecture(
    _ tensors: [String: SafetensorsFile.Entry], _ options: Options, path: String
  ) throws -> Architecture {
    let family = try NetworkFamilies.known(options.name)
    let shapes = WeightShapes(tensors.mapValues(\.shape))
    let found = family.sizes(of: shapes)
    if let asked = options.depth, let depth = found.depth, asked != depth {
      throw FileError(
        kind: .malformed, path: path,
        problem:
          "its weights are those of \(family.name.withArticle) of depth \(depth), depth \(asked) "
          + "was asked for; leave it out")
    }
    var architecture = Architecture(
      name: options.name, depth: options.depth ?? found.depth,
      width: options.width ?? found.width, split: options.split,
      resolution: options.resolution ?? family.resolution(of: shapes),
      shortcut: family.shortcut(of: shapes), imageSize: options.preprocessing.imageSize)
    try architecture.validate()
    // No file tells the activation: it is the one that the network's own head takes.
    if let channels = tensors["affine.bias"]?.shape.first {
      architecture.affineAdapter = .init(
        channels: channels, activation: architecture.cutActivation)
      try architecture.validate()
    }
    return architecture
  }
}
