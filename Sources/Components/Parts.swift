public import Autograd
import Datasets
public import Networks
import Synchronization

/// f(x; Φ): everything before the cut. `[N, size, size, 3]` normalized images to
/// `[N, size/divisor, size/divisor, channels]` features.
public final class FeatureExtractor {
  /// What the layers were built from.
  public let architecture: Architecture
  /// What is done to pictures before it.
  public let preprocessing: Preprocessing
  /// From images to the cut.
  public let layers: Sequential
  /// What its file says of it beside; given when its training ends.
  public var stamp: ComponentStamp

  public init(
    architecture: Architecture, preprocessing: Preprocessing, layers: Sequential,
    stamp: ComponentStamp = ComponentStamp()
  ) {
    self.architecture = architecture
    self.preprocessing = preprocessing
    self.layers = layers
    self.stamp = stamp
  }

  /// What it gives.
  public var interface: Interface {
    Interface(
      of: architecture, imageSize: preprocessing.imageSize, batchNorm: stamp.batchNorm)
  }

  /// Features of normalized images `[N, size, size, 3]`, on the context's tape.
  public func callAsFunction(_ x: Variable, _ context: ForwardContext) -> Variable {
    layers(x, context)
  }
}

/// h(·; Θ): everything behind the cut, features to `[N, classes]` logits.
public final class TaskHead {
  /// What the layers were built from.
  public let architecture: Architecture
  /// Canonical names, by output.
  public let classNames: [String]
  /// From the cut to the logits.
  public let layers: Sequential
  /// Height and width of the features that it takes; nil where it takes any.
  public let spatialSize: Int?
  /// What its file says of it beside; given when its training ends.
  public var stamp: ComponentStamp

  public init(
    architecture: Architecture, classNames: [String], layers: Sequential, spatialSize: Int? = nil,
    stamp: ComponentStamp = ComponentStamp()
  ) {
    self.architecture = architecture
    self.classNames = classNames
    self.layers = layers
    self.spatialSize = spatialSize
    self.stamp = stamp
  }

  /// What it takes.
  public var interface: Interface {
    Interface(of: architecture, spatialSize: spatialSize, batchNorm: stamp.batchNorm)
  }

  /// Logits `[N, classes]` of features, on the context's tape.
  public func callAsFunction(_ features: Variable, _ context: ForwardContext) -> Variable {
    layers(features, context)
  }
}

/// A head that several tasks share while they are trained: it is what makes their features
/// compatible. Of the target head's shape (ours; Eqs. 1 and 2 write both as h).
public final class AuxiliaryHead {
  /// What it predicts. Files name it, so kinds of other packages have to be registered before theirs
  /// are read.
  public struct Kind: RawRepresentable, Hashable, Sendable, Codable {
    public let rawValue: String

    /// Predicts which of 0, 90, 180, 270 degrees an image was turned by (Sec. 3.1).
    public static let rotation = Kind(known: "rotation")
    /// Predicts in which of four orders an image's tiles stand.
    public static let jigsaw = Kind(known: "jigsaw")
    /// Discriminates the classes that the tasks have in common (Sec. 3.2).
    public static let commonClasses = Kind(known: "common-classes")

    private static let names = Mutex(["rotation", "jigsaw", "common-classes"])

    private init(known name: String) { rawValue = name }

    /// nil for a kind that nobody has registered.
    public init?(rawValue: String) {
      guard Self.names.withLock({ $0.contains(rawValue) }) else { return nil }
      self.rawValue = rawValue
    }

    /// A kind of another package: lower-case letters, digits and “-”; it becomes part of file names.
    /// A name that is known already is the same kind.
    public static func register(_ name: String) -> Kind {
      let isName = name.utf8.allSatisfy {
        (0x61...0x7A) ~= $0 || (0x30...0x39) ~= $0 || $0 == 0x2D
      }
      precondition(
        isName && !name.isEmpty && name != "shared",
        "an auxiliary head's kind has lower-case letters, digits and “-”, and is not “shared”, got "
          + "“\(name)”")
      names.withLock { if !$0.contains(name) { $0.append(name) } }
      return Kind(known: name)
    }

    /// All that are known, in the order in which they became so.
    public static var all: [Kind] { names.withLock { $0 }.map(Kind.init(known:)) }
  }

  /// What it predicts.
  public let kind: Kind
  /// The head itself, an output a label.
  public let head: TaskHead
  /// A frozen head does not change and still passes gradient on to the extractor.
  public var isFrozen: Bool {
    get { head.layers.parameters.first?.isFrozen ?? false }
    set { for parameter in head.layers.parameters { parameter.isFrozen = newValue } }
  }

  public init(kind: Kind, head: TaskHead) {
    self.kind = kind
    self.head = head
  }
}

/// n_ab(x) = h(f(x; Φa); Θb): one network's extractor under another's head.
public struct Recombination {
  /// f(·; Φa).
  public let extractor: FeatureExtractor
  /// h(·; Θb).
  public let head: TaskHead

  /// - Throws: `RecombinationError` where the head does not take what the extractor gives.
  public init(_ extractor: FeatureExtractor, _ head: TaskHead) throws(RecombinationError) {
    let gives = extractor.architecture.cut.channels
    let takes = head.architecture.cut.channels
    guard gives == takes else {
      throw RecombinationError(extractorChannels: gives, headChannels: takes)
    }
    self.extractor = extractor
    self.head = head
  }

  /// Logits `[N, outputs of the head]`.
  public func callAsFunction(_ x: Variable, _ context: ForwardContext) -> Variable {
    head(extractor(x, context), context)
  }

  /// How its batch norm is to be run; the batch's where the parts disagree.
  public var batchNorm: BatchNormPolicy {
    extractor.stamp.batchNorm == head.stamp.batchNorm ? head.stamp.batchNorm : .batch
  }

  /// Do the parts fit, feature spaces included? Measuring what does not fit is allowed.
  public var fit: Fit {
    Fit(
      extractor: extractor.interface, in: extractor.stamp.featureSpace, head: head.interface,
      in: head.stamp.featureSpace)
  }
}

/// An extractor that gives other channels than the head takes.
public struct RecombinationError: Error, CustomStringConvertible, Sendable, Equatable {
  /// Channels that the extractor gives.
  public let extractorChannels: Int
  /// Channels that the head takes.
  public let headChannels: Int

  public var description: String {
    "the extractor gives \(extractorChannels) channels, the head takes \(headChannels): "
      + "recombine components that were cut at the same stage"
  }
}
