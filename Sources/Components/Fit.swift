public import Files
import Tensors

/// Does a head take what an extractor gives, and does it mean the same to both?
public struct Fit: Sendable {
  /// Something that differs, with both sides' values.
  public struct Mismatch: Codable, Hashable, Sendable, CustomStringConvertible {
    /// What differs.
    public enum Subject: String, Codable, Sendable {
      case channels, activation
      case spatialSize = "spatial size"
      case batchNorm = "batch-norm policy"
      case featureSpace = "feature space"
      /// They fit by alignment alone, which was not wanted.
      case alignment
    }

    /// What differs.
    public let subject: Subject
    /// What the extractor has or gives, in words.
    public let extractor: String
    /// What the head has or takes, in words.
    public let head: String

    public var description: String {
      switch subject {
      case .featureSpace:
        "feature space: no anchor in common; the extractor's: \(extractor); the head's: \(head)"
      case .alignment: "\(Fit.alignedWords): \(extractor)"
      default: "\(subject.rawValue): the extractor gives \(extractor), the head takes \(head)"
      }
    }
  }

  /// All that differs; they fit where it is empty.
  public let mismatches: [Mismatch]
  /// Anchors that both have.
  public let sharedAnchors: [Anchor]

  /// What is said of components that fit by alignment alone.
  public static let alignedWords = "aligned, not trained together"

  /// Whether all that they have in common was reached by alignment.
  public var isAligned: Bool { FeatureSpace(sharedAnchors).isAligned }

  /// Of two components in memory; the kinds are not looked at.
  public init(_ extractor: Component, _ head: Component) {
    self.init(
      extractor: extractor.header.interface, in: extractor.header.featureSpace,
      head: head.header.interface, in: head.header.featureSpace)
  }

  public init(
    extractor: Interface, in space: FeatureSpace, head: Interface, in headSpace: FeatureSpace
  ) {
    var found: [Mismatch] = []
    func compare(_ subject: Mismatch.Subject, _ gives: String, _ takes: String) {
      if gives != takes {
        found.append(Mismatch(subject: subject, extractor: gives, head: takes))
      }
    }
    compare(.channels, "\(extractor.channels)", "\(head.channels)")
    compare(.activation, extractor.activation.rawValue, head.activation.rawValue)
    if let wanted = head.spatialSize {
      compare(.spatialSize, extractor.spatialSize.map(String.init) ?? "any", "\(wanted)")
    }
    compare(.batchNorm, extractor.batchNorm.rawValue, head.batchNorm.rawValue)
    sharedAnchors = space.shared(with: headSpace)
    if sharedAnchors.isEmpty {
      found.append(
        Mismatch(
          subject: .featureSpace, extractor: space.description, head: headSpace.description))
    }
    mismatches = found
  }

  /// - Throws: `MisfitError` where they do not fit.
  /// - Parameters:
  ///   - allowDifferentSpace: what crosses the cut has to agree all the same.
  ///   - allowAligned: whether anchors that were reached by alignment count.
  public func require(
    allowDifferentSpace: Bool = false, allowAligned: Bool = true
  ) throws(MisfitError) {
    var left = mismatches.filter { !(allowDifferentSpace && $0.subject == .featureSpace) }
    if !allowAligned && isAligned {
      let anchors = FeatureSpace(sharedAnchors).description
      left.append(Mismatch(subject: .alignment, extractor: anchors, head: anchors))
    }
    if !left.isEmpty { throw MisfitError(mismatches: left) }
  }
}

/// Components that cannot be joined, and why.
public struct MisfitError: AdvisedError, Sendable {
  public let mismatches: [Fit.Mismatch]

  public var description: String {
    var text = "extractor and head do not fit: "
    text += mismatches.map(\.description).joined(separator: "; ")
    if let advice { text += "; \(advice)" }
    return text
  }

  public var advice: ErrorAdvice? {
    mismatches.allSatisfy { $0.subject == .featureSpace } ? .compatibleOrAllowed : nil
  }
}

extension ErrorAdvice {
  public static let compatibleOrAllowed: ErrorAdvice =
    "train them to be compatible, or allow a different space if you know better"
}
