public import Components
import Datasets
import Evaluation
public import Tensors

/// Measures pairs of components and certifies what they are to each other.
public struct Certifier {
  /// Of extractors whose lineage names none.
  static let usualBatch = 128

  /// Images a batch; nil: the extractor's own.
  public var batchSize: Int?
  /// Of the random relabelings.
  public var seed: UInt64
  let backend: any Backend

  public init(batchSize: Int? = nil, seed: UInt64 = 0, on backend: any Backend) {
    self.batchSize = batchSize
    self.seed = seed
    self.backend = backend
  }

  /// Measures `extractor` under `head` on the images of the head's classes.
  /// - Parameters:
  ///   - extractor: what gives the features.
  ///   - head: what reads them.
  ///   - data: labeled images; those of the head's classes count.
  ///   - own: the extractor's own head: the upper bound.
  ///   - allowDifferentSpace: measure parts without a common anchor too.
  /// - Throws: `MisfitError`, `NoCommonClassError`; `FileError` where a part is of another kind.
  public func certify(
    _ extractor: Component, _ head: Component, on data: LabeledImages, own: Component? = nil,
    allowDifferentSpace: Bool = false
  ) throws -> Certificate {
    for head in [head] + [own].compactMap(\.self) {
      try Fit(extractor, head).require(allowDifferentSpace: allowDifferentSpace)
    }
    let features = try extractor.makeExtractor(path: "the extractor", on: backend)
    let network = try Recombination(features, try head.makeHead(path: "the head", on: backend))
    let upper = try own.map {
      try Recombination(features, try $0.makeHead(path: "the own head", on: backend))
    }
    let outputs = network.head.classNames
    let (images, truth) = try known(data, to: outputs)
    let size = batchSize(for: extractor)
    let evaluator = Evaluator(batchSize: size, on: backend)
    let predicted = try evaluator.predictions(network, images)
    let present = Set(images.labels.map { truth[Int($0)]! }).sorted()
    var counts = [[Int]](
      repeating: [Int](repeating: 0, count: outputs.count), count: present.count)
    for (label, output) in zip(images.labels, predicted) {
      counts[present.firstIndex(of: truth[Int(label)]!)!][output] += 1
    }
    let ownHead = try upper.map { upper in
      let names = upper.head.classNames
      let labelNames = ClassMap.spelled(data.labelNames, as: names)
      var (onlyRecombined, onlyOwn) = (0, 0)
      for (index, output) in try evaluator.predictions(upper, images).enumerated() {
        let label = Int(images.labels[index])
        switch (predicted[index] == truth[label], names[output] == labelNames[label]) {
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
      batchNorm: network.batchNorm, batchSize: size, device: backend.kind,
      confusion: Confusion(
        classes: present.map { outputs[$0] }, outputs: outputs, counts: counts),
      own: ownHead, seed: seed,
      shuffle: { try shuffle(network, images, truth.map { $0 ?? -1 }, evaluator) })
  }

  func batchSize(for extractor: Component) -> Int {
    batchSize ?? extractor.header.lineage?.batchSize ?? Self.usualBatch
  }

  /// Classes of the data that no output of a head names, with their images.
  public func leftOut(
    of data: LabeledImages, by head: Component
  ) -> [(className: String, images: Int)] {
    let outputs = head.header.classNames ?? []
    let names = ClassMap.spelled(data.labelNames, as: outputs)
    var counts: [Int32: Int] = [:]
    for label in data.images.labels { counts[label, default: 0] += 1 }
    return data.labelNames.indices.compactMap { label in
      guard let images = counts[Int32(label)], !outputs.contains(names[label]) else { return nil }
      return (data.labelNames[label], images)
    }
  }

  /// The images of classes that a head knows, and the output of each label by name; case counts
  /// where the head or the data have both.
  func known(
    _ data: LabeledImages, to outputs: [String]
  ) throws -> (images: ImageSet, truth: [Int?]) {
    let truth = ClassMap.spelled(data.labelNames, as: outputs).map { outputs.firstIndex(of: $0) }
    let chosen = data.images.labels.indices.filter { truth[Int(data.images.labels[$0])] != nil }
    guard !chosen.isEmpty else {
      throw NoCommonClassError(data: data.name, labelNames: data.labelNames, outputs: outputs)
    }
    return (data.images.subset(chosen), truth)
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
      let predicted = try evaluator.predictions(network, features, channels: order)
      return zip(some.labels, predicted).filter { truth[Int($0.0)] == $0.1 }.count
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
}
