/// Something that was the same for all components of a feature space while they were trained.
public struct Anchor: Codable, Hashable, Sendable, CustomStringConvertible {
  /// What an anchor is.
  public struct Kind: RawRepresentable, Hashable, Sendable, Codable {
    /// As files name it: `rotation-head`.
    public let rawValue: String

    /// The rotation head that the extractor's features served (RP).
    public static let rotationHead = Kind(.rotation)
    /// The jigsaw head that they served.
    public static let jigsawHead = Kind(.jigsaw)
    /// The head over common classes that they served (DCC).
    public static let commonClassesHead = Kind(.commonClasses)
    /// The target head that they served: a network's own, or one that several extractors share.
    public static let sharedHead = Kind(known: "shared-head")
    /// The weights that the networks started from (IIW).
    public static let initialWeights = Kind(known: "initial-weights")
    /// The file that both halves were cut out of.
    public static let sourceFile = Kind(known: "source-file")

    /// An auxiliary head that the features served.
    public init(_ auxiliary: AuxiliaryHead.Kind) {
      rawValue = "\(auxiliary.rawValue)-head"
    }

    private init(known name: String) { rawValue = name }

    /// nil for a kind that nobody knows: what it would anchor cannot be told.
    public init?(rawValue: String) {
      let known =
        [Self.sharedHead, .initialWeights, .sourceFile]
        + AuxiliaryHead.Kind.all.map { Kind($0) }
      guard let kind = known.first(where: { $0.rawValue == rawValue }) else { return nil }
      self = kind
    }
  }

  /// What it is.
  public let kind: Kind
  /// SHA-256: `Digest.weights` of a head or of initial weights, `Digest.hex` of a file.
  public let digest: String
  /// Whether it was reached by a map that was computed after the training, not shared while that
  /// lasted.
  public let isAligned: Bool

  public init(_ kind: Kind, _ digest: String, isAligned: Bool = false) {
    self.kind = kind
    self.digest = digest
    self.isAligned = isAligned
  }

  /// The same, reached by alignment.
  public var aligned: Anchor { Anchor(kind, digest, isAligned: true) }

  /// The same, however it is reached.
  fileprivate var itself: Anchor { Anchor(kind, digest) }

  /// For example `rotation-head 0123456789ab`.
  public var description: String {
    "\(kind.rawValue) \(digest.prefix(12))" + (isAligned ? " (by alignment)" : "")
  }
}

extension Anchor {
  private enum CodingKeys: String, CodingKey {
    case kind, digest
    case isAligned = "aligned"
  }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      try values.decode(Kind.self, forKey: .kind), try values.decode(String.self, forKey: .digest),
      isAligned: try values.decodeIfPresent(Bool.self, forKey: .isAligned) ?? false)
  }

  /// The mark only where there is one, so that all other files stay as they are.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(kind, forKey: .kind)
    try values.encode(digest, forKey: .digest)
    if isAligned { try values.encode(true, forKey: .isAligned) }
  }
}

/// What a component's features mean: a set of anchors, fixed when its training ends. Components
/// understand each other where their sets intersect: equal shapes say nothing about that.
///
/// Inherited by what is trained against a frozen head, by heads trained on a frozen extractor and
/// by heads that grow; an extractor that is fine-tuned without a frozen head starts a new one.
public struct FeatureSpace: Hashable, Sendable, CustomStringConvertible {
  /// Sorted by kind, then digest; each once: of one that is there both ways, the one that was
  /// shared in training.
  public let anchors: [Anchor]

  public init(_ anchors: some Sequence<Anchor> = []) {
    let all = Set(anchors)
    self.anchors = all.filter { !$0.isAligned || !all.contains($0.itself) }.sorted {
      ($0.kind.rawValue, $0.digest) < ($1.kind.rawValue, $1.digest)
    }
  }

  /// Nothing is known of it: such a component is never taken on trust.
  public var isUnknown: Bool { anchors.isEmpty }

  /// It is reached by alignment alone: nothing of it was shared in training.
  public var isAligned: Bool { !isUnknown && anchors.allSatisfy(\.isAligned) }

  /// The anchors that both have; marked where either reached it by alignment.
  public func shared(with other: FeatureSpace) -> [Anchor] {
    anchors.compactMap { anchor in
      if other.anchors.contains(anchor) { return anchor }
      let isThere = other.anchors.contains { $0.itself == anchor.itself }
      return isThere ? anchor.aligned : nil
    }
  }

  /// All of its anchors, reached by alignment.
  public var aligned: FeatureSpace { FeatureSpace(anchors.map(\.aligned)) }

  /// The anchors of either.
  public func union(_ other: FeatureSpace) -> FeatureSpace { FeatureSpace(anchors + other.anchors) }

  public var description: String {
    isUnknown ? "none stated" : anchors.map(\.description).joined(separator: ", ")
  }
}

// MARK: Inheritance

extension FeatureSpace {
  /// The space of an extractor whose training has ended.
  ///
  /// A head that stayed frozen holds the features where they were, so all that the extractor fitted
  /// before, it still fits: adaptation through a frozen head inherits. Fine-tuning without one
  /// starts anew.
  /// - Parameters:
  ///   - before: the space of the weights that it started from; nil for fresh ones.
  ///   - frozen: anchors of heads that its features served and that did not change.
  ///   - trained: anchors of heads that changed with it, as they end, and of initial weights.
  public static func ofExtractor(
    startedFrom before: FeatureSpace?, frozen: [Anchor] = [], trained: [Anchor] = []
  ) -> FeatureSpace {
    let new = FeatureSpace(frozen + trained)
    guard let before, !before.shared(with: FeatureSpace(frozen)).isEmpty else { return new }
    return before.union(new)
  }

  /// The space of a head that was trained, or grew by classes, on a frozen extractor: the
  /// extractor's; one that grows keeps its own as well.
  public static func ofHead(
    onFrozen extractor: FeatureSpace, grownFrom before: FeatureSpace? = nil
  ) -> FeatureSpace {
    before.map(extractor.union) ?? extractor
  }
}

extension FeatureSpace: Codable {
  public init(from decoder: any Decoder) throws {
    self.init(try decoder.singleValueContainer().decode([Anchor].self))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(anchors)
  }
}
