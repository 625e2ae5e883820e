/// The product's version; part of what components and certificates state.
public enum ProductVersion {
  /// Ends in `-dev` between releases.
  public static let current = "0.2.0-dev"
}

/// Where a component comes from: everything that it depends on, nothing that another equal run
/// would state otherwise (no time, path or host).
public struct Lineage: Codable, Hashable, Sendable {
  /// How a component was made.
  public enum Origin: String, Codable, Sendable {
    case training, adaptation, recombination, recalibration, alignment
    case fineTuning = "fine-tuning"
    case importing = "import"
    /// Another extractor behind a fresh adapter.
    case adapter
  }

  /// Another component, or a file, by its digest.
  public struct Relative: Codable, Hashable, Sendable {
    /// `extractor`, `head`, `rotation-head`, `source-file` and the like.
    public var role: String
    /// The task it was trained for, where it has one.
    public var name: String?
    /// SHA-256 of its weights, or of the file.
    public var digest: String

    public init(role: String, name: String? = nil, digest: String) {
      self.role = role
      self.name = name
      self.digest = digest
    }
  }

  /// A data set by its digest (`Dataset.digest`).
  public struct DataDigest: Codable, Hashable, Sendable {
    /// As printed: “CIFAR-10”.
    public var name: String
    /// `Dataset.digest`.
    public var digest: String

    public init(name: String, digest: String) {
      self.name = name
      self.digest = digest
    }
  }

  /// How features of one extractor became those of another without training.
  public struct Alignment: Codable, Hashable, Sendable {
    /// `permutation`, `permutation-rescaled`, `orthogonal`, `least-squares`.
    public var method: String
    /// Images that both extractors saw; the data set stands in `data`.
    public var images: Int
    /// Of least squares: λ as a share of the features' mean variance.
    public var ridge: Double?

    public init(method: String, images: Int, ridge: Double? = nil) {
      (self.method, self.images, self.ridge) = (method, images, ridge)
    }
  }

  /// How it was made.
  public var origin: Origin
  /// “dovetail 0.2.0”.
  public var madeBy = "dovetail \(ProductVersion.current)"
  /// The task's name in its recipe.
  public var task: String?
  /// Their names in recipes.
  public var methods: [String]?
  /// Where heads that tasks share did not learn: `fixed`, `fixed-simplex`.
  public var sharedHeads: String?
  /// `joint`, `incremental`.
  public var scheme: String?
  /// The effective recipe, paths left out.
  public var recipe: String?
  /// Data sets that it was made with.
  public var data: [DataDigest]?
  /// The recipe's.
  public var seed: UInt64?
  /// Images a minibatch: what batch statistics are taken over.
  public var batchSize: Int?
  /// The kind of device: `cpu`, `opencl`.
  public var device: String?
  /// What convolutions rounded their factors to: `tf32`; nil where they did not.
  public var precision: String?
  /// After how many steps of each task its weights were kept, where it was not the last.
  public var keptStep: Int?
  /// What it was made from.
  public var parents: [Relative]?
  /// What it was trained with.
  public var partners: [Relative]?
  /// Of an aligned extractor; its parents are what was aligned and what it was aligned to.
  public var alignment: Alignment?
  /// Of a network that went on with images of another kind: `tent`, `shot`, `adabn`, `blended`;
  /// nil where it was rotation prediction, which `methods` names.
  public var adaptation: String?
  /// Of a recombination: were the parts joined although their feature spaces differ?
  public var differentSpaceAllowed: Bool?

  /// As version 0.1 wrote them.
  private enum CodingKeys: String, CodingKey {
    case origin, madeBy, task, methods, sharedHeads, scheme, recipe, data, seed
    case batchSize = "batch"
    case device, precision, keptStep
    case parents, partners, alignment, adaptation, differentSpaceAllowed
  }

  public init(origin: Origin) { self.origin = origin }
}

/// What a component says of itself beside its architecture.
public struct ComponentStamp: Hashable, Sendable {
  public var batchNorm: BatchNormPolicy
  public var featureSpace: FeatureSpace
  public var lineage: Lineage?

  public init(
    batchNorm: BatchNormPolicy = .batch, featureSpace: FeatureSpace = FeatureSpace(),
    lineage: Lineage? = nil
  ) {
    self.batchNorm = batchNorm
    self.featureSpace = featureSpace
    self.lineage = lineage
  }
}
