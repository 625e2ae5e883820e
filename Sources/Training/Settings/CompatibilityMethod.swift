public import Components

/// A way to make networks compatible (Sec. 3 of the paper); any combination will do.
public struct CompatibilityMethod: RawRepresentable, Hashable, Sendable {
  /// As recipes and results name it.
  public let rawValue: String

  /// IIW, Sec. 3.3.
  public static let identicalInitialWeights = CompatibilityMethod(
    known: "identical-initial-weights")
  /// RP, Sec. 3.1, Eq. 1.
  public static let rotationPrediction = CompatibilityMethod(known: "rotation-prediction")
  /// The same protocol with the order of an image's tiles in place of its rotation.
  public static let jigsaw = CompatibilityMethod(known: "jigsaw")
  /// DCC, Sec. 3.2, Eq. 2.
  public static let commonClasses = CompatibilityMethod(known: "common-classes")

  /// The paper's three.
  public static let paper: [CompatibilityMethod] = [
    .identicalInitialWeights, .rotationPrediction, .commonClasses,
  ]

  /// All that recipes can name: these, then the self-supervised tasks of other packages. The places
  /// of the built-in ones are part of every result: heads draw their seeds by them.
  public static var all: [CompatibilityMethod] {
    [.identicalInitialWeights, .rotationPrediction, .jigsaw, .commonClasses]
      + AuxiliaryTasks.all.dropFirst(AuxiliaryTasks.builtIn).map {
        CompatibilityMethod(known: $0.methodName)
      }
  }

  /// The shared head of a self-supervised task.
  public init(_ task: any AuxiliaryTask) { rawValue = task.methodName }

  private init(known name: String) { rawValue = name }

  /// nil for a method that nobody has registered.
  public init?(rawValue: String) {
    guard Self.all.contains(where: { $0.rawValue == rawValue }) else { return nil }
    self.rawValue = rawValue
  }

  /// The paper's abbreviations, which stand for the names wherever a method is named.
  public static let shortNames = [
    "iiw": identicalInitialWeights, "rp": rotationPrediction, "dcc": commonClasses,
  ]

  /// By its name or abbreviation, in letters of any case; nil for a method that there is not.
  public init?(named name: String) {
    let name = name.lowercased()
    guard let method = Self.shortNames[name] ?? Self(rawValue: name) else { return nil }
    self = method
  }

  /// The self-supervised task whose head is shared, for the methods that are one.
  public var auxiliaryTask: (any AuxiliaryTask)? {
    AuxiliaryTasks.all.first { $0.methodName == rawValue }
  }
}
