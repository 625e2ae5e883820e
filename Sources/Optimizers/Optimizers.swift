import Synchronization

/// The optimizers that a recipe can name.
public enum Optimizers {
  /// One of them: what a recipe may say of it, and how it is made.
  public struct Kind: Sendable {
    /// A number or switch of the optimizer.
    public struct Option: Sendable {
      public let name: String
      public let standard: Double
      /// 0…1 with `isSwitch` for false and true.
      public let bounds: ClosedRange<Double>
      public let isSwitch: Bool

      public init(
        _ name: String, _ standard: Double, in bounds: ClosedRange<Double>, isSwitch: Bool = false
      ) {
        (self.name, self.standard, self.bounds) = (name, standard, bounds)
        self.isSwitch = isSwitch
      }
    }

    /// What all have.
    public struct Decay: Sendable {
      public let weightDecay: Double
      public let includesNormsAndBiases: Bool

      public init(weightDecay: Double, includesNormsAndBiases: Bool) {
        self.weightDecay = weightDecay
        self.includesNormsAndBiases = includesNormsAndBiases
      }
    }

    public let name: String
    public let options: [Option]
    /// What is taken where a recipe names none.
    public let learningRate: Double
    public let weightDecay: Double
    /// - Parameter options: a value for each, by name.
    public let make: @Sendable (_ options: [String: Double], _ decay: Decay) -> any Optimizer

    public init(
      name: String, options: [Option], learningRate: Double, weightDecay: Double,
      make: @escaping @Sendable (_ options: [String: Double], _ decay: Decay) -> any Optimizer
    ) {
      (self.name, self.options, self.make) = (name, options, make)
      (self.learningRate, self.weightDecay) = (learningRate, weightDecay)
    }
  }

  private static let registry = Mutex([SGD.kind, AdamW.kind])

  public static var all: [Kind] { registry.withLock { $0 } }

  public static func named(_ name: String) -> Kind? { all.first { $0.name == name } }

  /// Adds an optimizer of another package.
  /// - Precondition: the name is not taken.
  public static func register(_ kind: Kind) {
    registry.withLock {
      precondition(
        !$0.contains { $0.name == kind.name },
        "an optimizer of the name “\(kind.name)” is registered already")
      $0.append(kind)
    }
  }
}
