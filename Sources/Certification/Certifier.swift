public import Components
import Datasets
import Evaluation
public import Tensors

/// An extractor's or a head's file, and its layers on a device.
public struct LoadedExtractor {
  public let header: ComponentHeader
  public let extractor: FeatureExtractor

  public init(_ path: String, on backend: any Backend) throws {
    let record = try ComponentFile.read(path)
    header = record.header
    extractor = try record.makeExtractor(path: path, on: backend)
  }

  public init(_ record: Component, path: String, on backend: any Backend) throws {
    header = record.header
    extractor = try record.makeExtractor(path: path, on: backend)
  }

  public init(_ extractor: FeatureExtractor, on backend: any Backend) throws {
    header = try Component(extractor, on: backend).header
    self.extractor = extractor
  }

  /// Images a batch in its training, where its lineage says: what it is measured with.
  public var batch: Int { header.lineage?.batch ?? Certifier.usualBatch }
}

public struct LoadedHead {
  public let header: ComponentHeader
  public let head: TaskHead

  public init(_ path: String, on backend: any Backend) throws {
    let record = try ComponentFile.read(path)
    header = record.header
    head = try record.makeHead(path: path, on: backend)
  }

  public init(_ record: Component, path: String, on backend: any Backend) throws {
    header = record.header
    head = try record.makeHead(path: path, on: backend)
  }

  public init(_ head: TaskHead, on backend: any Backend) throws {
    header = try Component(head, on: backend).header
    self.head = head
  }
}

/// Measures pairs of components and certifies what they are to each other.
public struct Certifier {
  /// Of extractors whose lineage names none.
  public static let usualBatch = 128

  /// Images a batch; nil: the extractor's own.
  public var batch: Int?
  /// Of the random relabellings.
  public var seed: UInt64
  private let backend: any Backend

  public init(batch: Int? = nil, seed: UInt64 = 0, on backend: any Backend) {
    self.batch = batch
    self.seed = seed
    self.backend = backend
  }

  /// Measures `extractor` under `head` on the images of the head's classes.
  /// - Parameters:
  ///   - own: the extractor's own head: the upper bound.
  ///   - allowDifferentSpace: measure parts without a common anchor too.
  /// - Throws: `MisfitError`, `NoCommonClassError`.
  public func certify(
    _ extractor: LoadedExtractor, _ head: LoadedHead, on data: LabelledImages,
    own: LoadedHead? = nil, allowDifferentSpace: Bool = false
  ) throws -> Certificate {
    let network = try Self.join(extractor, head, allowDifferentSpace)
    let upper = try own.map { try Self.join(extractor, $0, allowDifferentSpace) }
    let outputs = head.head.classNames
    // Output of each label by name.
    let truth = data.labelNames.map { outputs.firstIndex(of: $0) }
    let chosen = data.images.labels.indices.filter { truth[Int(data.images.labels[$0])] != nil }
    guard !chosen.isEmpty else {
      throw NoCommonClassError(data: data.name, labelNames: data.labelNames, outputs: outputs)
    }
    let images = data.images.subset(chosen)
    let size = batch ?? extractor.batch
    let evaluator = Evaluator(batch: size, on: backend)
    let said = try evaluator.predictions(network, images)
    let present = Set(images.labels.map { truth[Int($0)]! }).sorted()
    var counts = [[Int]](
      repeating: [Int](repeating: 0, count: outputs.count), count: present.count)
    for (label, output) in zip(images.labels, said) {
      counts[present.firstIndex(of: truth[Int(label)]!)!][output] += 1
    }
    let ownHead = try upper.map { upper in
      let names = upper.head.classNames
      var (onlyRecombined, onlyOwn) = (0, 0)
      for (index, output) in try evaluator.predictions(upper, images).enumerated() {
        let label = Int(images.labels[index])
        switch (said[index] == truth[label], names[output] == data.labelNames[label]) {
        case (true, false): onlyRecombined += 1
        case (false, true): onlyOwn += 1
        default: break
        }
      }
      return Certificate.OwnHead(
        head: .init(own!.header), onlyRecombined: onlyRecombined, onlyOwn: onlyOwn)
    }
    return try Certificate(
      extractor: .init(extractor.header), head: .init(head.header),
      data: .init(name: data.name, digest: data.digest, synonyms: data.synonyms),
      featureSpace: .init(
        shared: network.fit.sharedAnchors,
        differentSpaceAllowed: network.fit.sharedAnchors.isEmpty),
      batchNorm: network.batchNorm, batch: size, device: backend.kind,
      confusion: Confusion(
        classes: present.map { outputs[$0] }, outputs: outputs, counts: counts),
      own: ownHead, seed: seed,
      shuffle: { try shuffle(network, images, truth.map { $0 ?? -1 }, evaluator) })
  }

  /// Tries random orders of the channels until one is as good as the true one.
  /// - Parameter truth: the output that names each label.
  private func shuffle(
    _ network: Recombination, _ images: ImageSet, _ truth: [Int], _ evaluator: Evaluator
  ) throws -> Certificate.Shuffling {
    var random = RandomStream(seed: seed, .channelOrder)
    let some =
      images.count <= Rule.shuffledImages
      ? images
      : images.subset(random.permutation(images.count).prefix(Rule.shuffledImages).sorted())
    let features = try evaluator.cutFeatures(of: network, on: some)
    func right(_ order: [Int]) throws -> Int {
      let said = try evaluator.predictions(network, features, channels: order)
      return zip(some.labels, said).filter { truth[Int($0.0)] == $0.1 }.count
    }
    var result = Certificate.Shuffling(
      count: Rule.shufflings, seed: seed, images: some.count,
      right: try right(Array(0..<features.channels)), rightShuffled: [])
    while result.rightShuffled.count < result.count,
      result.rightShuffled.last.map({ $0 < result.right }) ?? true
    {
      result.rightShuffled.append(try right(random.permutation(features.channels)))
    }
    return result
  }

  private static func join(
    _ extractor: LoadedExtractor, _ head: LoadedHead, _ allowDifferentSpace: Bool
  ) throws -> Recombination {
    try Fit(
      extractor: extractor.extractor.interface, in: extractor.extractor.stamp.featureSpace,
      head: head.head.interface, in: head.head.stamp.featureSpace
    ).require(allowDifferentSpace: allowDifferentSpace)
    return try Recombination(extractor.extractor, head.head)
  }
}
