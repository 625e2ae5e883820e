package import Components
import Datasets
import Networks

/// Which losses the settings ask for.
extension Trainer {
  /// In the order of a step: the target's, the common classes', then each self-supervised task's.
  /// - Parameter own: terms of the caller's, last of all.
  func terms(of network: TaskNetwork, with own: [any LossTerm]) -> [any LossTerm] {
    var terms: [any LossTerm] = []
    if settings.objective == .entropy { terms.append(EntropyLoss()) }
    if settings.objective == .informationMaximization {
      terms.append(InformationMaximizationLoss())
    }
    if settings.objective == .target {
      terms.append(TargetLoss(labelSmoothing: settings.labelSmoothing))
      if let head = commonClassesHead {
        terms.append(
          CommonClassesLoss(
            head: head,
            outputs: networks.map { classMap.indices(of: $0.index, in: head.head.classNames) }))
      }
    }
    if let old = given[network.index].oldHead {
      terms.append(
        OldHeadLoss(
          head: old, outputs: classMap.indices(of: network.index, in: old.classNames)))
    }
    for head in selfSupervisedHeads(of: network) {
      guard let task = head.kind.auxiliaryTask else { continue }
      terms.append(
        SelfSupervisedLoss(
          task, head: head, copies: settings.rotations, weight: settings.selfSupervisedWeight,
          isOwn: network.ownRotationHead === head))
    }
    return terms + own
  }

  /// Its own rotation head, or those that all tasks share.
  package func selfSupervisedHeads(of network: TaskNetwork) -> [AuxiliaryHead] {
    network.ownRotationHead.map { [$0] } ?? selfSupervisedHeads
  }
}
