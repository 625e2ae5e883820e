import Tensors

/// The optimizers that a recipe can name.
public enum Optimizers {
  /// One of them: what a recipe may say of it, and how it is made.
  public struct Kind: Sendable {
    /// A number or switch of the optimizer.
    public struct Option: Sendable {
      /// As a recipe spells it.
      public let name: String
      /// What is taken where a recipe says nothing.
      public let standard: Double
      /// 0…1 with `isSwitch` for false and true.
      public let bounds: ClosedRange<Double>
      /// Whether a recipe says true or false: 1 or 0.
      public let isSwitch: Bool

      /// - Precondition: names differ from those of other kinds and options.
      public init(
        _ name: String, _ standard: Double, in bounds: ClosedRange<Double>, isSwitch: Bool = false
      ) {
        (self.name, self.standard, self.bounds) = (name, standard, bounds)
        self.isSwitch = isSwitch
      }
    }

    /// What all have.
    public struct Decay: Sendable {
      /// λ.
      public let weightDecay: Double
      /// Whether parameters of one dimension decay, too.
      public let includesNormsAndBiases: Bool

      /// - Precondition: names differ from those of other kinds and options.
      public init(weightDecay: Double, includesNormsAndBiases: Bool) {
        self.weightDecay = weightDecay
        self.includesNormsAndBiases = includesNormsAndBiases
      }
    }

    /// As a recipe spells it.
    public let name: String
    /// What a recipe may say of it beside the learning rate and the decay.
    public let options: [Option]
    /// What is taken where a recipe names none.
    public let learningRate: Double
    /// λ.
    public let weightDecay: Double
    /// - Parameter options: a value for each, by name.
    public let make: @Sendable (_ options: [String: Double], _ decay: Decay) -> any Optimizer

    /// - Precondition: names differ from those of other kinds and options.
    public init(
      name: String, options: [Option], learningRate: Double, weightDecay: Double,
      make: @escaping @Sendable (_ options: [String: Double], _ decay: Decay) -> any Optimizer
    ) {
      (self.name, self.options, self.make) = (name, options, make)
      (self.learningRate, self.weightDecay) = (learningRate, weightDecay)
    }
  }

  private static let registry = Registry<Kind>(
    "an optimizer", [SGD.kind, AdamW.kind].map { ($0.name, $0) })

  /// In the order in which they became known.
  public static var all: [Kind] { registry.all }

  /// nil where nobody has registered it.
  public static func named(_ name: String) -> Kind? { registry[name] }

  /// Adds an optimizer of another package.
  /// - Precondition: the name is not taken.
  public static func register(_ kind: Kind) { registry.add(kind.name, kind) }
}
