import Components
import Datasets
import Networks
import Tensors

/// The heads that tasks share: fresh ones, or those that the recipe gives.
extension Trainer {
  static func selfSupervisedHeads(
    _ recipe: Recipe, on backend: any Backend
  ) throws -> [AuxiliaryHead] {
    let given = try givenHeads(recipe, on: backend)
    return CompatibilityMethod.all.enumerated().compactMap { index, method in
      guard recipe.uses(method), let task = method.auxiliaryTask else { return nil }
      if let head = given.first(where: { $0.kind == task.kind }) { return head }
      // The rotation head's seed is 1000 from the recipe's; 1001 is the common classes'. Those of
      // other packages' tasks do not depend on which were registered before.
      let isBuiltIn = index < 4
      let offset =
        task.kind == .rotation
        ? 1000 : isBuiltIn ? 1010 + index : 1 << 32 + Int(task.kind.rawValue.stableHash)
      return TaskNetwork.head(
        for: task, recipe, seed: TaskNetwork.derived(recipe.seed, offset), on: backend)
    }
  }

  static func commonClassesHead(
    _ recipe: Recipe, _ classMap: ClassMap, on backend: any Backend
  ) throws -> AuxiliaryHead? {
    guard recipe.uses(.commonClasses) else { return nil }
    if let head = try givenHeads(recipe, on: backend).first(where: { $0.kind == .commonClasses }) {
      return head
    }
    let seen = commonClasses(classMap, recipe)
    return AuxiliaryHead(
      kind: .commonClasses,
      head: TaskHead(
        architecture: recipe.architecture, classNames: seen,
        layers: recipe.architecture.makeHead(
          classes: seen.count, on: backend,
          seed: TaskNetwork.derived(recipe.seed, 1001))))
  }

  /// - Throws: `FileError`; `RecipeError` for one that does not take the extractors'
  ///   features, or that no method of the recipe has a use for.
  private static func givenHeads(
    _ recipe: Recipe, on backend: any Backend
  ) throws -> [AuxiliaryHead] {
    try recipe.auxiliaryHeads.map { path in
      let head = try ComponentFile.loadAuxiliaryHead(path, on: backend)
      let takes = (head.head.architecture.cut.channels, head.head.architecture.cutActivation)
      let gives = (recipe.architecture.cut.channels, recipe.architecture.cutActivation)
      guard takes == gives else {
        throw RecipeError(
          "auxiliary-heads: \(path) takes \(takes.0) channels (activation \(takes.1.rawValue)), "
            + "extractors of the recipe's architecture give \(gives.0) (\(gives.1.rawValue))")
      }
      let wanted = recipe.methods.contains {
        $0.auxiliaryTask?.kind == head.kind || ($0 == .commonClasses && head.kind == .commonClasses)
      }
      guard wanted else {
        throw RecipeError(
          "auxiliary-heads: \(path) is a \(head.kind.rawValue) head, and no method of the recipe "
            + "trains against one; add it to methods")
      }
      return head
    }
  }

  /// The common classes that the shared head discriminates: all of them, or as many as the recipe
  /// says, drawn from its seed.
  private static func commonClasses(_ classMap: ClassMap, _ recipe: Recipe) -> [String] {
    let wanted = recipe.commonClassesUsed
    guard wanted > 0, wanted < classMap.common.count else { return classMap.common }
    var random = RandomStream(seed: recipe.seed, .commonClasses)
    return random.permutation(classMap.common.count).prefix(wanted).sorted().map {
      classMap.common[$0]
    }
  }

  /// What the recipe leaves as it was given.
  func freeze() {
    func freeze(_ parameters: [Parameter]) { for each in parameters { each.isFrozen = true } }
    for network in networks {
      if recipe.frozen.contains(.extractors) { freeze(network.extractor.layers.parameters) }
      if recipe.frozen.contains(.heads) { freeze(network.head.layers.parameters) }
    }
    if recipe.frozen.contains(.auxiliaryHeads) {
      for head in auxiliaryHeads { head.isFrozen = true }
    }
  }
}
