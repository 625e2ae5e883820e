/// What is done to training images, as a recipe says it: steps by name, in their order.
public struct Augmentation: Sendable, Equatable, ExpressibleByBooleanLiteral {
  /// A step of `Augmentations`, and the number that it is given.
  public struct Step: Sendable, Equatable {
    /// As `Augmentations` has it.
    public var name: String
    /// nil: the step's standard.
    public var value: Double?

    public init(_ name: String, _ value: Double? = nil) {
      (self.name, self.value) = (name, value)
    }
  }

  /// In the order in which they draw.
  public var list: [Step]

  public init(_ list: [Step]) { self.list = list }

  /// Random crop (padded by an eighth of the size, 4 pixels at 32) and horizontal flip; or nothing.
  public init(booleanLiteral isWanted: Bool) {
    list = isWanted ? [Step("crop"), Step("flip")] : []
  }

  /// Crop and flip.
  public static let standard: Augmentation = true
  /// Images as they are.
  public static let none: Augmentation = false

  /// - Precondition: all names are known.
  var steps: [any AugmentationStep] {
    list.map { step in
      guard let kind = Augmentations.all.first(where: { $0.name == step.name }) else {
        preconditionFailure("augmentation: no step of the name “\(step.name)”")
      }
      return kind.make(step.value ?? kind.value?.standard ?? 0)
    }
  }

  /// As in a recipe.
  package var yaml: String {
    if self == .standard { return "true" }
    if self == .none { return "false" }
    return "["
      + list.map { step in
        step.value.map { "{\(step.name): \($0)}" } ?? step.name
      }.joined(separator: ", ") + "]"
  }
}
