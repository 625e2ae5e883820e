import Autograd
public import Components
public import Datasets
import Evaluation
import Foundation
import Networks
import Optimizers
public import Tensors

/// An affine 1×1 map that is trained, with labels, between a frozen extractor and a frozen head
/// (Lenc and Vedaldi 2015; Bansal et al. 2021).
///
/// What it reaches bounds what any such map could do. It is no measure of compatibility: a stitch
/// may find in the features what the head needs where they mean something else (Hernandez et al.
/// 2023).
public struct Stitching: Sendable {
  /// Said beside every figure.
  public static let caution =
    "stitching is a bound of what an affine map can do, not a measure of compatibility"
  /// Random orders of the stitched channels, and images that they are measured on at most.
  private static let shufflings = (orders: 10, images: 2000)

  /// Minibatches that the map is trained on.
  public var steps = 1000
  /// Images of a minibatch, and of a batch that is measured.
  public var batchSize = 128
  /// Of AdamW without weight decay, at first; it falls to 0 by half a cosine.
  public var learningRate = 0.01
  /// Of the map's first weights where it does not start as the identity, of the order of the images
  /// and of the shuffled channels.
  public var seed: UInt64 = 0

  /// With the settings above as they are written there.
  public init() {}

  /// What a stitch reached. Accuracies are in [0, 1].
  public struct Results: Codable, Sendable, Equatable {
    /// The data set, as printed: "CIFAR-10".
    public let data: String
    /// Minibatches that the map was trained on.
    public let steps: Int
    /// Training images of the head's classes.
    public let trainingImages: Int
    /// Test images of the head's classes.
    public let testImages: Int
    /// Whether the map started as the identity, as it does between equal numbers of channels.
    public let startedAsIdentity: Bool
    /// On the test images of the head's classes, before the first step.
    public let accuracyBefore: Double
    /// On the same images, after the last.
    public let accuracy: Double
    /// Mean accuracy with the stitched channels in random orders: what passes any cut.
    public let shuffledAccuracy: Double
    /// 1 / outputs of the head.
    public let chance: Double
    /// What the figures do not say.
    public var note = Stitching.caution
  }

  /// - Parameters:
  ///   - extractor: what gives the features.
  ///   - head: what reads them.
  ///   - dataset: whose training images train the map, and whose test images measure it.
  ///   - synonyms: the data's name of a class to the head's.
  ///   - backend: where it computes.
  ///   - progress: told the loss every ten steps.
  /// - Throws: `ApplicationError` where the data have no image of the head's classes; `FileError`.
  public func run(
    _ extractor: Component, _ head: Component, on dataset: Dataset,
    synonyms: [String: String] = [:], backend: any Backend,
    progress: (_ step: Int, _ loss: Float) -> Void = { _, _ in }
  ) throws -> Results {
    let source = try extractor.makeExtractor(path: "the extractor", on: backend)
    let target = try head.makeHead(path: "the head", on: backend)
    let outputs = target.classNames
    let names = ClassMap.spelled(dataset.classNames.map { synonyms[$0] ?? $0 }, as: outputs)
    let truth = names.map { outputs.firstIndex(of: $0).map(Int32.init) ?? -1 }
    func known(_ images: ImageSet) -> ImageSet {
      let chosen = images.labels.indices.filter { truth[Int(images.labels[$0])] >= 0 }
      let found = images.subset(chosen)
      return ImageSet(
        bytes: found.bytes, labels: found.labels.map { truth[Int($0)] }, size: found.size)
    }
    let (train, test) = (known(dataset.train), known(dataset.test))
    guard train.count >= 2, test.count > 0 else {
      throw ApplicationError(
        "\(dataset.name) has \(train.count) training and \(test.count) test images of the head's "
          + "classes; name synonyms, or give other data")
    }
    let stitched = try Stitched(source, target, seed: seed, on: backend)
    let evaluator = Evaluator(batchSize: batchSize, on: backend)
    func accuracy() throws -> Double {
      try evaluator.evaluate(stitched.network, on: test, labelNames: outputs)?.accuracy ?? 0
    }
    let before = try accuracy()
    try self.train(stitched, on: train, evaluator, backend, progress)
    return Results(
      data: dataset.name, steps: steps, trainingImages: train.count, testImages: test.count,
      startedAsIdentity: stitched.isIdentity, accuracyBefore: before, accuracy: try accuracy(),
      shuffledAccuracy: try shuffledAccuracy(stitched.network, test, evaluator),
      chance: 1 / Double(outputs.count))
  }

  private func train(
    _ stitched: Stitched, on images: ImageSet, _ evaluator: Evaluator, _ backend: any Backend,
    _ progress: (Int, Float) -> Void
  ) throws {
    let optimizer = AdamW(weightDecay: 0)
    let store = backend.makeImageStore(
      bytes: images.bytes, count: images.count, height: images.size, width: images.size)
    var order: [Int] = []
    for step in 0..<steps {
      var indices: [Int] = []
      while indices.count < min(batchSize, images.count) {
        if order.isEmpty {
          var random = RandomStream(seed: seed, .dataOrder, step: UInt32(step))
          order = random.permutation(images.count)
        }
        indices.append(order.removeLast())
      }
      let tape = Tape(on: backend)
      let features = Variable(evaluator.features(of: stitched.source, store, indices))
      let logits = stitched.head(
        stitched.map(features, ForwardContext(tape: tape, statistics: .running)),
        ForwardContext(tape: tape, statistics: stitched.head.stamp.batchNorm.statistics))
      let loss = tape.softmaxCrossEntropy(
        logits, backend.makeLabels(indices.map { images.labels[$0] }),
        divisor: Float(indices.count))
      tape.backward(from: [loss])
      optimizer.step(stitched.map.parameters, learningRate: rate(step), on: backend)
      backend.flush()
      if (step + 1) % 10 == 0 { progress(step + 1, try backend.download(loss.value)[0]) }
    }
    try backend.synchronize()
  }

  private func rate(_ step: Int) -> Float {
    Float(learningRate * (1 + cos(.pi * Double(step) / Double(steps))) / 2)
  }

  private func shuffledAccuracy(
    _ network: Recombination, _ images: ImageSet, _ evaluator: Evaluator
  ) throws -> Double {
    var random = RandomStream(seed: seed, .channelOrder)
    let some = images.subset(
      Array(random.permutation(images.count).prefix(Self.shufflings.images)))
    let features = try evaluator.cutFeatures(of: network, on: some)
    var right = 0
    for _ in 0..<Self.shufflings.orders {
      let predicted = try evaluator.predictions(
        network, features, channels: random.permutation(features.channels))
      right += zip(predicted, some.labels).filter { $0.0 == Int($0.1) }.count
    }
    return Double(right) / Double(Self.shufflings.orders * some.count)
  }
}

/// A frozen extractor, a map that is trained, a frozen head.
private struct Stitched {
  let source: FeatureExtractor
  let map: AffineConvolution
  let head: TaskHead
  let network: Recombination
  let isIdentity: Bool

  init(
    _ source: FeatureExtractor, _ head: TaskHead, seed: UInt64, on backend: any Backend
  ) throws {
    (self.source, self.head) = (source, head)
    let (c, k) = (source.interface.channels, head.interface.channels)
    // It takes the place of the activation that the head's own extractor ends in.
    let activation = head.interface.activation
    map = AffineConvolution(
      "affine", inputChannels: c, outputChannels: k, activation: activation, on: backend,
      seed: seed, stream: 0)
    isIdentity = c == k
    if isIdentity {
      backend.upload(
        (0..<c * c).map { $0 / c == $0 % c ? 1 : 0 }, to: map.weight.value)
    }
    for each in source.layers.parameters + head.layers.parameters { each.isFrozen = true }
    var architecture = source.architecture
    architecture.affineAdapter = .init(channels: k, activation: activation)
    network = try Recombination(
      FeatureExtractor(
        architecture: architecture, preprocessing: source.preprocessing,
        layers: Sequential(source.layers.layers + [map]), stamp: source.stamp), head)
  }
}
