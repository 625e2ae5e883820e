import Components
import Datasets
import Networks
import Tensors

/// The heads that tasks share: fresh ones, or given ones.
extension Trainer {
  static func selfSupervisedHeads(
    _ settings: TrainingSettings, _ given: [AuxiliaryHead], on backend: any Backend
  ) throws -> [AuxiliaryHead] {
    return CompatibilityMethod.all.enumerated().compactMap { index, method in
      guard settings.uses(method), let task = method.auxiliaryTask else { return nil }
      if let head = given.first(where: { $0.kind == task.kind }) { return head }
      // The rotation head's seed is 1000 from the recipe's; 1001 is the common classes'. Those of
      // other packages' tasks do not depend on which were registered before.
      let isBuiltIn = index < 4
      let offset =
        task.kind == .rotation
        ? 1000 : isBuiltIn ? 1010 + index : 1 << 32 + Int(task.kind.rawValue.stableHash)
      return TaskNetwork.head(
        for: task, settings, seed: TaskNetwork.derived(settings.seed, offset), on: backend)
    }
  }

  static func commonClassesHead(
    _ settings: TrainingSettings, _ given: [AuxiliaryHead], _ classMap: ClassMap,
    on backend: any Backend
  ) throws -> AuxiliaryHead? {
    guard settings.uses(.commonClasses) else { return nil }
    if let head = given.first(where: { $0.kind == .commonClasses }) {
      guard settings.sharedHeads != .fixedSimplex else {
        throw SettingsError(
          "shared-heads: fixed-simplex makes the common-classes head, auxiliary-heads gives one; "
            + "leave one of them out")
      }
      return head
    }
    let seen = commonClasses(classMap, settings)
    return AuxiliaryHead(
      kind: .commonClasses,
      head: TaskHead(
        architecture: settings.architecture, classNames: seen,
        layers: settings.architecture.makeHead(
          classes: seen.count, on: backend,
          seed: TaskNetwork.derived(settings.seed, 1001))))
  }

  /// - Throws: `FileError`; `SettingsError` for one that does not take the extractors'
  ///   features, or that no method of the recipe has a use for.
  static func heads(
    _ given: [GivenComponent], _ settings: TrainingSettings, on backend: any Backend
  ) throws -> [AuxiliaryHead] {
    try given.map { given in
      let path = given.place
      let head = try given.record.makeAuxiliaryHead(path: path, on: backend)
      let takes = (head.head.architecture.cut.channels, head.head.architecture.cutActivation)
      let gives = (settings.architecture.cut.channels, settings.architecture.cutActivation)
      guard takes == gives else {
        throw SettingsError(
          "auxiliary-heads: \(path) takes \(takes.0) channels (activation \(takes.1.rawValue)), "
            + "extractors of the recipe's architecture give \(gives.0) (\(gives.1.rawValue))")
      }
      let wanted = settings.methods.contains {
        $0.auxiliaryTask?.kind == head.kind || ($0 == .commonClasses && head.kind == .commonClasses)
      }
      guard wanted else {
        throw SettingsError(
          "auxiliary-heads: \(path) is a \(head.kind.rawValue) head, and no method of the recipe "
            + "trains against one; add it to methods")
      }
      return head
    }
  }

  /// The common classes that the shared head discriminates: all of them, or as many as the recipe
  /// says, drawn from its seed.
  private static func commonClasses(
    _ classMap: ClassMap, _ settings: TrainingSettings
  ) -> [String] {
    let wanted = settings.commonClassesUsed
    guard wanted > 0, wanted < classMap.common.count else { return classMap.common }
    var random = RandomStream(seed: settings.seed, .commonClasses)
    return random.permutation(classMap.common.count).prefix(wanted).sorted().map {
      classMap.common[$0]
    }
  }

  /// What the settings leave as it was given.
  func freeze() {
    func freeze(_ parameters: [Parameter]) { for each in parameters { each.isFrozen = true } }
    for network in networks {
      if settings.frozen.contains(.extractors) { freeze(network.extractor.layers.parameters) }
      if settings.frozenParts.contains(.heads) { freeze(network.head.layers.parameters) }
      if settings.objective == .entropy {
        network.extractor.layers.freezeAllButNorms()
        network.head.layers.freezeAllButNorms()
      }
    }
    if settings.frozen.contains(.auxiliaryHeads) {
      for head in auxiliaryHeads { head.isFrozen = true }
    }
  }
}
