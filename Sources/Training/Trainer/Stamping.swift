import Components
import Datasets
import Files
import Networks
import Tensors

/// Feature spaces and lineage of what a training makes.
extension Trainer {
  /// Tells every component where it comes from and what it fits; to be called once, when the
  /// training has ended. Anchors of task t's network:
  ///
  /// - its own target head: what extractor and head always have in common;
  /// - each auxiliary head that its features served, as it stands now;
  /// - with identical initial weights, those weights.
  ///
  /// What went on from a given component inherits its space by the rules of `FeatureSpace`; what is
  /// frozen keeps its stamp.
  public func stamp() throws {
    let heads = try networks.map { try anchor($0.head) }
    let shared = try auxiliaryHeads.map { try anchor($0) }
    let extractors = try networks.map {
      try Component($0.extractor, on: backend).header.digest
    }
    for (index, network) in networks.enumerated() {
      var served = zip(auxiliaryHeads.map(\.isFrozen), shared).map { ($0, $1) }
      if let own = network.ownRotationHead { served.append((false, try anchor(own))) }
      if settings.objective.usesHeads {
        served.insert((settings.frozenParts.contains(.heads), heads[index]), at: 0)
      }
      let old = try self.given[index].oldHead.map { try anchor($0) }
      if let old { served.append((true, old)) }
      let trained = served.filter { !$0.0 }.map(\.1) + [initialAnchors[index]].compactMap { $0 }
      var lineage = lineage(of: network)
      lineage.partners = networks.indices.filter { $0 != index }.map {
        .init(role: "extractor", name: networks[$0].name, digest: extractors[$0])
      }
      lineage.partners! += served.map(\.1).filter { $0.kind != .sharedHead }.map {
        .init(role: $0.kind.rawValue, digest: $0.digest)
      }
      if let old { lineage.partners!.append(.init(role: "old-head", digest: old.digest)) }
      let given = given[index]
      if !settings.frozen.contains(.extractors) {
        network.extractor.stamp = ComponentStamp(
          featureSpace: .ofExtractor(
            startedFrom: given.extractorSpace, frozen: served.filter(\.0).map(\.1),
            trained: trained),
          lineage: lineage)
      }
      let space = network.extractor.stamp.featureSpace
      if settings.objective.trainsHeads, !settings.frozen.contains(.heads) {
        network.head.stamp = ComponentStamp(
          featureSpace: settings.frozen.contains(.extractors)
            ? .ofHead(onFrozen: space, grownFrom: given.headSpace) : space, lineage: lineage)
      }
      network.ownRotationHead?.head.stamp = network.extractor.stamp
    }
    if settings.sharedHead { stampSharedHead(extractors, [heads[0]] + shared) }
    // A shared head knows the features of all tasks.
    for (auxiliary, anchor) in zip(auxiliaryHeads, shared)
    where !settings.frozen.contains(.auxiliaryHeads) {
      auxiliary.head.stamp = ComponentStamp(
        featureSpace: FeatureSpace([anchor] + initialAnchors.compactMap { $0 }),
        lineage: lineage(with: extractors))
    }
  }

  /// One target head of all tasks fits all their extractors.
  private func stampSharedHead(_ extractors: [String], _ anchors: [Anchor]) {
    guard !settings.frozen.contains(.heads), !settings.frozen.contains(.extractors) else { return }
    networks[0].head.stamp = ComponentStamp(
      featureSpace: FeatureSpace(anchors), lineage: lineage(with: extractors))
  }

  /// Of each network, where its initial weights are another's too: to be taken before training.
  /// Counted are the weights of extractor and head that do not depend on the number of classes.
  static func initialAnchors(
    _ networks: [TaskNetwork], _ settings: TrainingSettings, on backend: any Backend
  ) throws -> [Anchor?] {
    let digests = try networks.map { network in
      var weights = try Component(network.extractor, on: backend).tensors
      let classifier = network.head.architecture.classifier
      for (name, entry) in try Component(network.head, on: backend).tensors
      where !name.hasPrefix("\(classifier).") {
        weights["head.\(name)"] = entry
      }
      return Digest.weights(weights)
    }
    return digests.map { digest in
      settings.uses(.identicalInitialWeights) || digests.filter { $0 == digest }.count > 1
        ? Anchor(.initialWeights, digest) : nil
    }
  }

  private func anchor(_ auxiliary: AuxiliaryHead) throws -> Anchor {
    Anchor(
      Anchor.Kind(auxiliary.kind),
      try Component(auxiliary, on: backend).header.digest)
  }

  private func anchor(_ head: TaskHead) throws -> Anchor {
    Anchor(.sharedHead, try Component(head, on: backend).header.digest)
  }

  private func lineage(of network: TaskNetwork) -> Lineage {
    var lineage = lineage
    lineage.task = network.name
    let given = given[network.index]
    guard !given.parents.isEmpty else { return lineage }
    lineage.parents = given.parents
    lineage.origin = settings.objective == .target ? .fineTuning : .adaptation
    lineage.adaptation = AdaptationMethod(settings.objective)?.rawValue
    return lineage
  }

  /// Of a head that all extractors were trained with.
  private func lineage(with extractors: [String]) -> Lineage {
    var lineage = lineage
    lineage.partners = networks.indices.map {
      .init(role: "extractor", name: networks[$0].name, digest: extractors[$0])
    }
    return lineage
  }

  /// What is the same for all components of this training.
  private var lineage: Lineage {
    var lineage = Lineage(origin: .training)
    lineage.methods = settings.methods.map(\.rawValue)
    if settings.sharedHeads != .trained { lineage.sharedHeads = settings.sharedHeads.rawValue }
    lineage.scheme = settings.scheme.rawValue
    lineage.recipe = provenance
    lineage.data = networks.map { .init(name: $0.dataset.name, digest: $0.dataset.digest) }
    lineage.seed = settings.seed
    lineage.batchSize = settings.batchSize
    lineage.device = backend.kind
    lineage.precision = backend.statedPrecision
    lineage.keptStep = keptStep
    return lineage
  }
}
