public import Components
import Foundation

/// How well an extractor works under a head, measured, and bound to both and to the data by their
/// digests. `confusion` and the counts of `shuffling` and `upperBound` are measured; the rest follows.
public struct Certificate: Codable, Hashable, Sendable {
  public static let currentFormat = "dovetail-certificate-1"

  public enum Verdict: String, Codable, Sendable {
    case incompatible, compatible
    case perfectlyCompatible = "perfectly compatible"
  }

  public struct Part: Codable, Hashable, Sendable {
    public var digest: String
    /// The task it was trained for.
    public var task: String?

    init(_ header: ComponentHeader) {
      digest = header.digest
      task = header.lineage?.task
    }
  }

  public struct Data: Codable, Hashable, Sendable {
    public var name: String
    public var digest: String
    public var synonyms: [String: String]
  }

  public struct Space: Codable, Hashable, Sendable {
    public var shared: [Anchor]
    /// Measured although there is no common anchor.
    public var differentSpaceAllowed: Bool
  }

  public struct Relabelling: Codable, Hashable, Sendable {
    /// Random permutations of the outputs' names, and their seed.
    public var count: Int
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
    /// Random orders to be tried, and their seed.
    public var count: Int
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
    public var head: Part
    /// Images that it names rightly.
    public var right: Int
    /// Images that the recombination alone, and the own head alone, names rightly.
    public var onlyRecombined: Int
    public var onlyOwn: Int
    public var accuracy: Double
    /// Recombination less upper bound: Agresti and Min's 95 % interval.
    public var difference: Interval
    /// What `difference.lower` has to exceed.
    public var needed: Double
  }

  public var format = Certificate.currentFormat
  public var madeBy = "dovetail \(ProductVersion.current)"
  public var extractor: Part
  public var head: Part
  public var data: Data
  public var featureSpace: Space
  public var batchNorm: BatchNormPolicy
  /// Images a batch.
  public var batch: Int
  /// The kind of device it was measured on.
  public var device: String
  public var confusion: Confusion
  public var images: Int
  public var accuracy: Double
  /// Wilson's 95 % interval.
  public var interval: Interval
  /// 1 / outputs of the head.
  public var chance: Double
  public var relabelling: Relabelling
  /// Only where the relabellings do not decide already.
  public var shuffling: Shuffling?
  public var upperBound: UpperBound?
  public var verdict: Verdict
  /// What decided.
  public var reason: String

  /// - Precondition: `confusion` is valid.
  init(
    extractor: Part, head: Part, data: Data, featureSpace: Space, batchNorm: BatchNormPolicy,
    batch: Int, device: String, confusion: Confusion, own: OwnHead?, seed: UInt64,
    shuffle: () throws -> Shuffling?
  ) rethrows {
    self.extractor = extractor
    self.head = head
    self.data = data
    self.featureSpace = featureSpace
    self.batchNorm = batchNorm
    self.batch = batch
    self.device = device
    self.confusion = confusion
    images = confusion.images
    accuracy = confusion.accuracy
    interval = Proportion.wilson(confusion.right, of: confusion.images)
    chance = 1 / Double(confusion.outputs.count)
    relabelling = Relabelling(
      count: Rule.relabellings, seed: seed,
      below: confusion.relabellingsBelow(count: Rule.relabellings, seed: seed),
      needed: Rule.neededShare)
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
    shuffling = Rule.passes(relabelling) ? try shuffle() : nil
    (verdict, reason) = Rule.verdict(
      relabelling, shuffling, upperBound, outputs: confusion.outputs.count)
  }

  /// What was counted under the own head.
  struct OwnHead {
    let head: Part
    let onlyRecombined: Int
    let onlyOwn: Int
  }
}

// MARK: Checking

extension Certificate {
  /// Does everything follow from what was counted? A certificate whose figures were changed by hand
  /// does not. Whether the counts are true, only measuring again can tell.
  public var isConsistent: Bool {
    guard format == Self.currentFormat, confusion.isValid else { return false }
    if let shuffling {
      guard shuffling.count == Rule.shufflings, shuffling.images > 0,
        (shuffling.rightShuffled + [shuffling.right]).allSatisfy({ 0...shuffling.images ~= $0 })
      else { return false }
    }
    if let upperBound {
      let (b, c) = (upperBound.onlyRecombined, upperBound.onlyOwn)
      guard 0...images ~= b, 0...images ~= c, b + c <= confusion.images, b <= confusion.right
      else { return false }
    }
    let again = Certificate(
      extractor: extractor, head: head, data: data, featureSpace: featureSpace,
      batchNorm: batchNorm, batch: batch, device: device, confusion: confusion,
      own: upperBound.map {
        OwnHead(head: $0.head, onlyRecombined: $0.onlyRecombined, onlyOwn: $0.onlyOwn)
      }, seed: relabelling.seed, shuffle: { shuffling })
    var own = self
    own.madeBy = again.madeBy
    return own == again
  }

  /// What a new measurement says otherwise; empty where it confirms this one. On another kind of
  /// device rounding differs, and up to 0.5 % of the images may be named otherwise.
  public func differences(from measured: Certificate) -> [String] {
    var found: [String] = []
    func compare(_ what: String, _ certified: some Equatable, _ now: some Equatable) {
      if "\(certified)" != "\(now)" { found.append("\(what): certified \(certified), now \(now)") }
    }
    if !isConsistent { found.append("its figures do not follow from its counts") }
    compare("extractor", extractor.digest, measured.extractor.digest)
    compare("head", head.digest, measured.head.digest)
    compare(
      "own head", upperBound?.head.digest ?? "none", measured.upperBound?.head.digest ?? "none")
    compare("data", data.digest, measured.data.digest)
    compare("classes", confusion.classes, measured.confusion.classes)
    compare("outputs", confusion.outputs, measured.confusion.outputs)
    compare("shared anchors", featureSpace.shared, measured.featureSpace.shared)
    compare("batch-norm policy", batchNorm.rawValue, measured.batchNorm.rawValue)
    compare("verdict", verdict.rawValue, measured.verdict.rawValue)
    guard found.isEmpty else { return found }
    let allowed = device == measured.device ? 0 : images / 200
    let moved =
      zip(confusion.counts.joined(), measured.confusion.counts.joined())
      .reduce(0) { $0 + abs($1.0 - $1.1) } / 2
    if moved > allowed {
      found.append(
        "accuracy: certified \(accuracy), now \(measured.accuracy); at least \(moved) of \(images) "
          + "images are named otherwise, \(allowed) may be")
    }
    if device == measured.device {
      compare("own head", upperBound?.right ?? 0, measured.upperBound?.right ?? 0)
      compare(
        "shuffled channels", shuffling?.rightShuffled ?? [], measured.shuffling?.rightShuffled ?? []
      )
    }
    return found
  }

  /// Pretty, keys sorted, with a final newline: equal certificates are equal files.
  public var json: [UInt8] {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      return Array(try encoder.encode(self)) + [0x0A]
    }
  }

  /// - Throws: `CertificateError` for what is no certificate.
  public init(json: [UInt8], path: String) throws(CertificateError) {
    do {
      self = try JSONDecoder().decode(Certificate.self, from: Foundation.Data(json))
    } catch {
      throw CertificateError(
        path: path, problem: "is no certificate: its JSON cannot be understood")
    }
    guard format == Self.currentFormat else {
      throw CertificateError(
        path: path, problem: "expected the format \(Self.currentFormat), got \(format)")
    }
  }
}

/// A certificate that cannot be used.
public struct CertificateError: Error, CustomStringConvertible, Sendable {
  public let path: String
  public let problem: String

  public init(path: String, problem: String) {
    self.path = path
    self.problem = problem
  }

  public var description: String { "\(path): \(problem)" }
}
