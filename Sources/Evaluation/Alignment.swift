public import Analysis
public import Components
public import Datasets
import Networks
public import Tensors

/// An extractor whose channels were made to mean what another's mean, after both were trained, in
/// closed form, from one pass of unlabeled images.
public struct Alignment: Sendable {
  /// The fewest images: a fit and a choice, each by a batch of two.
  public static let fewestImages = 4
  /// Images a batch where the extractor's lineage names none.
  private static let usualBatch = 128

  /// It fits what the target fits, and no longer its own head.
  public let component: Component
  public let method: AlignmentMethod
  /// Images that both extractors saw.
  public let images: Int
  /// Of least squares, as a share of the features' mean variance: the one of those tried that
  /// leaves least on images that the fit has not seen.
  public let ridge: Double?
  /// Share of the variance of the target's features, on images that the fit has not seen, that the
  /// map leaves unexplained (before its activation).
  public let unexplained: Double
  /// Whether the map is in the weights of the extractor's last layers; else it is an affine
  /// adapter.
  public let isFolded: Bool

  /// - Parameters:
  ///   - extractor: what is changed.
  ///   - target: whose features it is to give.
  ///   - images: which are unlabeled as far as this is concerned.
  ///   - name: what the lineage calls the images.
  ///   - digest: of their data set (`Dataset.digest`).
  ///   - method: how the map is found.
  ///   - limit: at most so many of the images, drawn at random; nil: all.
  ///   - batchSize: nil: as in the extractor's training.
  ///   - backend: where it computes.
  /// - Throws: `AlignmentError` where the extractors cannot be aligned so; `FileError` where a part
  ///   is not what it says; the device's errors.
  public init(
    _ extractor: Component, to target: Component, on images: ImageSet, named name: String,
    digest: String, method: AlignmentMethod, limit: Int? = nil, batchSize: Int? = nil,
    backend: any Backend
  ) throws {
    try Self.check(extractor, target, method)
    var random = RandomStream(seed: 0, .evaluationOrder)
    let order = random.permutation(images.count)
    let chosen = Array(order.prefix(limit ?? images.count))
    guard chosen.count >= Self.fewestImages else {
      throw AlignmentError(
        "\(name) has \(chosen.count) images to align on; give at least \(Self.fewestImages), "
          + "better thousands")
    }
    let size = batchSize ?? extractor.header.lineage?.batchSize ?? Self.usualBatch
    let features = try PairedFeatures(
      extractor.makeExtractor(path: "the extractor", on: backend),
      target.makeExtractor(path: "the target", on: backend), on: images, chosen: chosen,
      batchSize: size, backend: backend)
    let found = try Self.fit(method, features)
    let activation = target.header.interface.activation
    let folded =
      method == .permutation && extractor.header.interface.activation == activation
      ? extractor.reordered(features.all.order, on: backend) : nil
    if folded == nil, extractor.header.architecture.affineAdapter != nil {
      throw AlignmentError.alreadyAligned
    }
    var lineage = Lineage(origin: .alignment)
    lineage.task = extractor.header.lineage?.task
    lineage.parents = [
      .init(
        role: "extractor", name: extractor.header.lineage?.task, digest: extractor.header.digest),
      .init(
        role: "alignment-target", name: target.header.lineage?.task, digest: target.header.digest),
    ]
    lineage.data = [.init(name: name, digest: digest)]
    lineage.batchSize = size
    lineage.device = backend.kind
    lineage.precision = backend.statedPrecision
    lineage.alignment = .init(
      method: method.rawValue, images: chosen.count, ridge: found.ridge)
    component = try (folded ?? Self.adapted(extractor, found.map, activation))
      .stated(in: target.header.featureSpace.aligned, lineage: lineage)
    self.method = method
    self.images = chosen.count
    ridge = found.ridge
    unexplained = found.unexplained
    isFolded = folded != nil
  }

  /// The map by all images, and what one by most of them leaves unexplained on the others.
  private static func fit(
    _ method: AlignmentMethod, _ features: PairedFeatures
  ) throws -> (map: ChannelMap, ridge: Double?, unexplained: Double) {
    let ridges = method == .leastSquares ? FeatureStatistics.ridges : [0]
    var best: (ridge: Double, unexplained: Double)?
    for ridge in ridges {
      guard let map = features.fitted.map(method, ridge: ridge) else { continue }
      let left = features.heldOut.unexplained(by: map)
      if left < best?.unexplained ?? .infinity { best = (ridge, left) }
    }
    guard let best, let map = features.all.map(method, ridge: best.ridge) else {
      throw AlignmentError("the features have no finite moments; are the images all alike?")
    }
    return (map, method == .leastSquares ? best.ridge : nil, best.unexplained)
  }

  private static func adapted(
    _ extractor: Component, _ map: ChannelMap, _ activation: Activation
  ) throws -> Component {
    try extractor.withAffineAdapter(
      weight: map.weights.transposed.values.map(Float.init), bias: map.bias.map(Float.init),
      activation: activation)
  }

  private static func check(
    _ extractor: Component, _ target: Component, _ method: AlignmentMethod
  ) throws {
    for part in [extractor, target] where part.header.kind != .extractor {
      throw AlignmentError(
        "expected two extractors, got a component of kind \(part.header.kind.rawValue)")
    }
    guard !target.header.featureSpace.isUnknown else {
      throw AlignmentError("the target states no feature space, so nothing would fit the result")
    }
    func require<Value: Equatable>(
      _ what: String, _ first: Value, _ second: Value, _ hint: String
    ) throws {
      guard first != second else { return }
      throw AlignmentError("\(what): the extractor has \(first), the target \(second); \(hint)")
    }
    let (from, to) = (extractor.header, target.header)
    try require(
      "images", from.preprocessing!.form, to.preprocessing!.form,
      "align extractors that take pictures alike")
    try require(
      "height and width of the features", from.interface.spatialSize ?? 0,
      to.interface.spatialSize ?? 0, "align extractors that are cut at one size")
    try require(
      "batch-norm policy", from.interface.batchNorm.rawValue, to.interface.batchNorm.rawValue,
      "use both alike: recalibrate both or neither")
    guard method.needsEqualChannels else { return }
    try require(
      "channels", from.interface.channels, to.interface.channels,
      "\(method.rawValue) needs as many on both sides, least-squares does not")
  }
}

/// Extractors that cannot be aligned, and why.
public struct AlignmentError: Error, CustomStringConvertible, Sendable {
  public let description: String

  init(_ description: String) { self.description = description }

  static let alreadyAligned = AlignmentError(
    "the extractor ends in an affine adapter already; align the one that it was made from")
}
