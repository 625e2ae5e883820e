public import Components
import Datasets
import Evaluation
import Tensors

/// How likely a pair of components is to be certified, by images and classes: the certificate's rule
/// applied to many random choices of a data set's images and classes.
public struct CertificatePower: Codable, Sendable, Equatable {
  /// One number of images of one number of classes.
  public struct Point: Codable, Sendable, Equatable {
    /// Classes, drawn at random from those that have images. Where they are fewer than these, the
    /// head has their outputs alone; where they are all of these, it has all its outputs.
    public let classes: Int
    /// Images of these classes, drawn at random.
    public let images: Int
    /// Mean of the choices.
    public let accuracy: Double
    /// Share of the choices with the verdict “better than chance” or a higher one.
    public let betterThanChance: Double
    /// Share with the verdict “compatible” or a higher one.
    public let compatible: Double
  }

  /// Images that were drawn from.
  public let images: Int
  /// Of these with all outputs, in [0, 1].
  public let accuracy: Double
  /// Random choices a point.
  public let draws: Int
  /// Of images, classes and orders.
  public let seed: UInt64
  /// One for each pair of numbers that there are images for.
  public let points: [Point]
}

extension Certifier {
  /// Draws `draws` times so many images of so many classes, and applies the rule to each choice.
  /// Where not all classes are chosen, a head's outputs of the others are left out, as if it had
  /// none; images are normalized in batches of all images, not of the chosen ones; the 199 random
  /// orders of the channels are the same for all choices.
  /// - Parameters:
  ///   - extractor: what gives the features.
  ///   - head: what reads them.
  ///   - data: labeled images; those of the head's classes count.
  ///   - counts: numbers of images; those above what there is are left out.
  ///   - classes: numbers of classes, likewise.
  ///   - draws: choices of images and classes for each pair of numbers.
  ///   - most: so many of the images are drawn from, at most.
  ///   - allowDifferentSpace: measure parts without a common anchor too.
  /// - Throws: as `certify`.
  public func power(
    _ extractor: Component, _ head: Component, on data: LabeledImages, images counts: [Int],
    classes: [Int], draws: Int = 200, most: Int = 2000, allowDifferentSpace: Bool = false
  ) throws -> CertificatePower {
    try Fit(extractor, head).require(allowDifferentSpace: allowDifferentSpace)
    let network = try Recombination(
      extractor.makeExtractor(path: "the extractor", on: backend),
      head.makeHead(path: "the head", on: backend))
    let (all, truth) = try known(data, to: network.head.classNames)
    var random = RandomStream(seed: seed, .certificatePower)
    let chosen =
      all.count <= most
      ? all : all.subset(random.permutation(all.count).prefix(most).sorted())
    let answers = try Answers(
      of: network, on: chosen, truth: truth, seed: seed,
      evaluator: Evaluator(batchSize: batchSize(for: extractor), on: backend))
    var points: [CertificatePower.Point] = []
    for classes in classes where classes <= answers.present.count {
      for count in counts where count <= answers.images * classes / answers.present.count {
        points.append(answers.point(classes: classes, images: count, draws: draws, &random))
      }
    }
    return CertificatePower(
      images: chosen.count, accuracy: answers.accuracy, draws: draws, seed: seed, points: points)
  }
}

/// Logits of all images in the true order of the channels and in 199 others.
private struct Answers {
  let outputs: Int
  /// Output of each image's class.
  let truth: [Int]
  /// Outputs whose classes have images.
  let present: [Int]
  /// The true order's first; each `[images, outputs]`.
  let logits: [[Float]]
  let seed: UInt64

  var images: Int { truth.count }
  var accuracy: Double {
    let all = Array(0..<outputs)
    let right = truth.indices.filter { named($0, 0, among: all) == truth[$0] }.count
    return Double(right) / Double(images)
  }

  init(
    of network: Recombination, on images: ImageSet, truth: [Int?], seed: UInt64,
    evaluator: Evaluator
  ) throws {
    outputs = network.head.classNames.count
    self.truth = images.labels.map { truth[Int($0)]! }
    present = Set(self.truth).sorted()
    self.seed = seed
    let features = try evaluator.cutFeatures(of: network, on: images)
    var random = RandomStream(seed: seed, .channelOrder)
    var logits = [try evaluator.logits(network, features, channels: Array(0..<features.channels))]
    for _ in 0..<Rule.shufflings {
      logits.append(
        try evaluator.logits(
          network, features, channels: random.permutation(features.channels)))
    }
    self.logits = logits
  }

  /// The first of the largest.
  private func named(_ image: Int, _ order: Int, among: [Int]) -> Int {
    var best = among[0]
    for output in among
    where logits[order][image * outputs + output] > logits[order][image * outputs + best] {
      best = output
    }
    return best
  }

  func point(
    classes: Int, images count: Int, draws: Int, _ random: inout RandomStream
  ) -> CertificatePower.Point {
    var (right, better, compatible) = (0, 0, 0)
    for _ in 0..<draws {
      let chosen = random.permutation(present.count).prefix(classes).map { present[$0] }.sorted()
      // All classes: as a certificate has them, the outputs without images among them.
      let among = classes == present.count ? Array(0..<outputs) : chosen
      let candidates = truth.indices.filter { chosen.contains(truth[$0]) }
      let images = random.permutation(candidates.count).prefix(count).map { candidates[$0] }
      let names = images.map { named($0, 0, among: among) }
      right += zip(images, names).filter { truth[$0] == $1 }.count
      let relabeling = relabeling(chosen, among, images, names)
      guard Rule.passes(relabeling) else { continue }
      let isCompatible = beatsShufflings(among, Array(images.prefix(Rule.shuffledImages)))
      if isCompatible { compatible += 1 }
      if isCompatible || Rule.suffices(relabeling) { better += 1 }
    }
    return CertificatePower.Point(
      classes: classes, images: count, accuracy: Double(right) / Double(count * draws),
      betterThanChance: Double(better) / Double(draws),
      compatible: Double(compatible) / Double(draws))
  }

  private func relabeling(
    _ chosen: [Int], _ among: [Int], _ images: [Int], _ names: [Int]
  ) -> Certificate.Relabeling {
    var counts = [[Int]](
      repeating: [Int](repeating: 0, count: among.count), count: chosen.count)
    for (image, name) in zip(images, names) {
      counts[chosen.firstIndex(of: truth[image])!][among.firstIndex(of: name)!] += 1
    }
    let confusion = Confusion(
      classes: chosen.map(String.init), outputs: among.map(String.init), counts: counts)
    return Rule.relabeling(of: confusion, seed: seed)
  }

  private func beatsShufflings(_ among: [Int], _ images: [Int]) -> Bool {
    func right(_ order: Int) -> Int {
      images.filter { named($0, order, among: among) == truth[$0] }.count
    }
    let unshuffled = right(0)
    return (1..<logits.count).allSatisfy { right($0) < unshuffled }
  }
}
