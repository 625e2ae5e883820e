public import Analysis
public import Components

/// How well an extractor works under a head, measured, and bound to both and to the data by their
/// digests. `confusion` and the counts of `shuffling` and `upperBound` are measured; the rest
/// follows.
public struct Certificate: Codable, Hashable, Sendable {
  /// The format that is written.
  public static let currentFormat = "dovetail-certificate-3"
  /// Those that are read. The first knew no `betterThanChance`, which it called incompatible; the
  /// second drew relabelings also where all could be looked at.
  static let firstFormat = "dovetail-certificate-1"
  static let secondFormat = "dovetail-certificate-2"
  static let formats = [firstFormat, secondFormat, currentFormat]

  /// What a certificate says of a pair, from worst to best.
  public enum Verdict: String, Codable, Sendable {
    /// Nothing says that the head understands the features.
    case incompatible
    /// Surely better than chance, and not surely better than with the channels in a random order:
    /// weak compatibility, or something that passes any cut.
    case betterThanChance = "better than chance"
    /// Surely better than chance, and than the channels in any of the tried random orders.
    case compatible
    /// Besides, the lower 95 % limit of its difference to the own head is above −1 point.
    case perfectlyCompatible = "perfectly compatible"

    /// Whether it is surely better than with shuffled channels.
    public var isCompatible: Bool { self == .compatible || self == .perfectlyCompatible }
  }

  /// An extractor or a head that was measured.
  public struct Part: Codable, Hashable, Sendable {
    /// SHA-256 of its weights, as its file states it.
    public var digest: String
    /// The task it was trained for.
    public var task: String?

    init(_ header: ComponentHeader) {
      digest = header.digest
      task = header.lineage?.task
    }
  }

  /// The data set whose images were measured.
  public struct Data: Codable, Hashable, Sendable {
    /// As printed: "CIFAR-10".
    public var name: String
    /// `Dataset.digest`.
    public var digest: String
    /// The data set's name of a class to the canonical one.
    public var synonyms: [String: String]
  }

  /// What the features mean to both parts.
  public struct Space: Codable, Hashable, Sendable {
    /// Anchors that both have.
    public var shared: [Anchor]
    /// Measured although there is no common anchor.
    public var differentSpaceAllowed: Bool

    /// Whether all that the parts share was reached by alignment after their training.
    public var isAligned: Bool { FeatureSpace(shared).isAligned }
  }

  /// The true naming of the classes by the head's outputs, held against other namings.
  public struct Relabeling: Codable, Hashable, Sendable {
    /// All ways to name the classes by the outputs, where there are at most 10,000; else so many
    /// random permutations of the outputs' names, drawn from the seed.
    public var count: Int
    /// Of the random ones.
    public var seed: UInt64
    /// How many of them give a lower accuracy than the true naming.
    public var below: Int
    /// What `below / count` has to reach.
    public var needed: Double
  }

  /// The head given the extractor's channels in random orders. An untrained order of channels means
  /// nothing, so unrelated networks do as well in any; what they share all the same (where in the
  /// image something is) stays.
  public struct Shuffling: Codable, Hashable, Sendable {
    /// Random orders to be tried.
    public var count: Int
    /// Of the orders.
    public var seed: UInt64
    /// Images: all, or as many as suffice.
    public var images: Int
    /// Of these, named rightly in the true order.
    public var right: Int
    /// In the tried orders; they end with the first that is not below.
    public var rightShuffled: [Int]

    /// Is the true order better than every other?
    var passes: Bool { rightShuffled.count == count && rightShuffled.allSatisfy { $0 < right } }
  }

  /// The extractor under its own head, on the same images.
  public struct UpperBound: Codable, Hashable, Sendable {
    /// The own head.
    public var head: Part
    /// Images that it names rightly.
    public var right: Int
    /// Images that the recombination alone names rightly.
    public var onlyRecombined: Int
    /// Images that the own head alone names rightly.
    public var onlyOwn: Int
    /// `right` ÷ images.
    public var accuracy: Double
    /// Recombination less upper bound: Agresti and Min's 95 % interval.
    public var difference: ValueInterval
    /// What `difference.low` has to exceed.
    public var needed: Double

    /// Images that the own head names rightly and the recombination does not.
    public var negativeFlips: Int { onlyOwn }
    /// The reverse.
    public var positiveFlips: Int { onlyRecombined }
  }

  /// Recombined accuracy over the own head's; nil without one, and where it names nothing rightly.
  public var ratio: Double? {
    upperBound.flatMap { $0.right > 0 ? Double(confusion.right) / Double($0.right) : nil }
  }

  /// `currentFormat`, or an earlier one that was read.
  public var format: String
  /// The program and its version.
  public var madeBy = "dovetail \(ProductVersion.current)"
  /// What gives the features.
  public var extractor: Part
  /// What reads them.
  public var head: Part
  /// Whose images were measured.
  public var data: Data
  /// What the parts share.
  public var featureSpace: Space
  /// How batch norm was run.
  public var batchNorm: BatchNormPolicy
  /// Images a batch.
  public var batchSize: Int
  /// The kind of device it was measured on.
  public var device: String
  /// How often each class was given each output's name.
  public var confusion: Confusion
  /// Images that were measured: those of classes that the head knows.
  public var images: Int
  /// Images named rightly ÷ `images`.
  public var accuracy: Double
  /// Wilson's 95 % interval.
  public var interval: ValueInterval
  /// 1 / outputs of the head.
  public var chance: Double
  /// The true naming among others.
  public var relabeling: Relabeling
  /// Only where the relabelings do not decide already.
  public var shuffling: Shuffling?
  /// With the own head; nil: none was given.
  public var upperBound: UpperBound?
  /// What follows from all this.
  public var verdict: Verdict
  /// What decided.
  public var reason: String

  /// As version 0.1 wrote them.
  private enum CodingKeys: String, CodingKey {
    case format, madeBy, extractor, head, data, featureSpace, batchNorm
    case batchSize = "batch"
    case device, confusion, images, accuracy, interval, chance
    case relabeling = "relabelling"
    case shuffling, upperBound, verdict, reason
  }

  /// - Precondition: `confusion` is valid.
  init(
    extractor: Part, head: Part, data: Data, featureSpace: Space, batchNorm: BatchNormPolicy,
    batchSize: Int, device: String, confusion: Confusion, own: OwnHead?, seed: UInt64,
    format: String = currentFormat, shuffle: () throws -> Shuffling?
  ) rethrows {
    self.format = format
    self.extractor = extractor
    self.head = head
    self.data = data
    self.featureSpace = featureSpace
    self.batchNorm = batchNorm
    self.batchSize = batchSize
    self.device = device
    self.confusion = confusion
    images = confusion.images
    accuracy = confusion.accuracy
    interval =
      Proportion.wilson(confusion.right, of: confusion.images) ?? ValueInterval(low: 0, high: 1)
    chance = 1 / Double(confusion.outputs.count)
    relabeling = Rule.relabeling(of: confusion, seed: seed, format: format)
    upperBound = own.map { own in
      UpperBound(
        head: own.head, right: confusion.right - own.onlyRecombined + own.onlyOwn,
        onlyRecombined: own.onlyRecombined, onlyOwn: own.onlyOwn,
        accuracy: Double(confusion.right - own.onlyRecombined + own.onlyOwn)
          / Double(confusion.images),
        difference: Proportion.pairedDifference(
          onlyFirst: own.onlyRecombined, onlySecond: own.onlyOwn, of: confusion.images),
        needed: Rule.neededDifference)
    }
    shuffling = Rule.passes(relabeling) ? try shuffle() : nil
    (verdict, reason) = Rule.verdict(
      relabeling, shuffling, upperBound, of: confusion, format: format)
  }

  /// What was counted under the own head.
  struct OwnHead {
    let head: Part
    let onlyRecombined: Int
    let onlyOwn: Int
  }
}

extension Certificate: CustomStringConvertible {
  /// For example `compatible: 31.2 % of 8000 test images of CIFAR-10 [30.2, 32.2], chance 10.0 %, own
  /// head 44.1 %`, and what decided.
  public var description: String {
    func percent(_ share: Double) -> String {
      let tenths = (share * 1000).rounded()
      return "\(Int(tenths) / 10).\(Int(tenths) % 10)"
    }
    return "\(verdict.rawValue): \(percent(accuracy)) % of \(images) test images of \(data.name) "
      + "[\(percent(interval.low)), \(percent(interval.high))], chance \(percent(chance)) %"
      + (upperBound.map { ", own head \(percent($0.accuracy)) %" } ?? "")
      + (featureSpace.isAligned ? ", \(Fit.alignedWords)" : "") + "; \(reason)"
  }
}
