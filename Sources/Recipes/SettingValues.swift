import Optimizers
import Training
import Yams

// Settings whose values have a form of their own.

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

extension ValueNode {
  /// A name, or a mapping of `name` and the optimizer's options.
  func optimizer() throws(RecipeError) -> OptimizerChoice {
    guard case .mapping = node else {
      return OptimizerChoice(try kind().name)
    }
    var reader = try MappingReader(node, key)
    let kind = try reader.require("name").map { (node) throws(RecipeError) in try node.kind() }
    var choice = OptimizerChoice(kind.name)
    for option in kind.options {
      try reader.read(option.name) { (node) throws(RecipeError) in
        choice[option.name] =
          option.isSwitch ? try node.boolean() ? 1 : 0 : try node.number(in: option.bounds)
      }
    }
    try reader.finish()
    return choice
  }

  private func kind() throws(RecipeError) -> Optimizers.Kind {
    let name = try text()
    if let kind = Optimizers.named(name) { return kind }
    let near = Suggestion.nearest(name, in: Optimizers.all.map(\.name))
    throw error(
      "expected one of \(Optimizers.names), got “\(name)”"
        + (near.map { "; did you mean “\($0)”?" } ?? ""))
  }
}
