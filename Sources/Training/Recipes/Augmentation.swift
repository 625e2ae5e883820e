import Yams

/// What is done to training images, as a recipe says it: steps by name, in their order.
public struct Augmentation: Sendable, Equatable, ExpressibleByBooleanLiteral {
  public struct Step: Sendable, Equatable {
    public var name: String
    /// nil: the step's standard.
    public var value: Double?

    public init(_ name: String, _ value: Double? = nil) {
      (self.name, self.value) = (name, value)
    }
  }

  public var list: [Step]

  public init(_ list: [Step]) { self.list = list }

  /// Random crop (padded by an eighth of the size, 4 pixels at 32) and horizontal flip; or nothing.
  public init(booleanLiteral isWanted: Bool) {
    list = isWanted ? [Step("crop"), Step("flip")] : []
  }

  public static let standard: Augmentation = true
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
  var yaml: String {
    if self == .standard { return "true" }
    if self == .none { return "false" }
    return "[" + list.map { step in
      step.value.map { "{\(step.name): \($0)}" } ?? step.name
    }.joined(separator: ", ") + "]"
  }
}

extension ValueNode {
  /// `true`, `false`, or a list such as `[crop, flip, {color: 0.4}]`.
  func augmentation() throws(RecipeError) -> Augmentation {
    guard case .sequence = node else {
      guard node.bool != nil else {
        throw error(
          "expected true, false or a list of \(names), got \(try text())")
      }
      return try boolean() ? .standard : .none
    }
    var steps: [Augmentation.Step] = []
    for item in try list() {
      let step = try item.augmentationStep()
      if steps.contains(where: { $0.name == step.name }) {
        throw error("“\(step.name)” stands twice")
      }
      steps.append(step)
    }
    return Augmentation(steps)
  }

  private var names: String { Augmentations.all.map(\.name).joined(separator: ", ") }

  private func augmentationStep() throws(RecipeError) -> Augmentation.Step {
    func kind(_ name: String) throws(RecipeError) -> Augmentations.Kind {
      if let kind = Augmentations.all.first(where: { $0.name == name }) { return kind }
      let near = Suggestion.nearest(name, in: Augmentations.all.map(\.name))
      throw error(
        "expected steps out of \(names), got “\(name)”"
          + (near.map { "; did you mean “\($0)”?" } ?? ""))
    }
    guard case .mapping(let mapping) = node else {
      return Augmentation.Step(try kind(try text()).name)
    }
    guard let (name, value) = mapping.first, mapping.count == 1 else {
      throw error("expected steps such as crop or {color: 0.4}")
    }
    let step = try kind(try ValueNode(node: name, key: key).text())
    guard let bounds = step.value?.bounds else { throw error("“\(step.name)” takes no number") }
    return Augmentation.Step(
      step.name, try ValueNode(node: value, key: "\(key).\(step.name)").number(in: bounds))
  }
}
