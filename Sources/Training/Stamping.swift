import Components
import Datasets
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
  public func stamp() throws {
    let heads = try networks.map { try ComponentRecord($0.head, on: backend).header.digest }
    let extractors = try networks.map {
      try ComponentRecord($0.extractor, on: backend).header.digest
    }
    let shared = try auxiliaryHeads.map { ($0, try anchor($0)) }
    for (index, network) in networks.enumerated() {
      let own = try network.ownRotationHead.map { ($0, try anchor($0)) }
      var anchors = [Anchor(.sharedHead, heads[index])] + shared.map(\.1)
      if let own { anchors.append(own.1) }
      if let initial = initialAnchors[index] { anchors.append(initial) }
      var lineage = lineage
      lineage.task = network.name
      lineage.partners = networks.indices.filter { $0 != index }.map {
        .init(role: "extractor", name: networks[$0].name, digest: extractors[$0])
      }
      lineage.partners! += anchors.dropFirst().filter { $0.kind != .initialWeights }.map {
        .init(role: $0.kind.rawValue, digest: $0.digest)
      }
      let space = FeatureSpace(anchors)
      network.extractor.stamp = ComponentStamp(featureSpace: space, lineage: lineage)
      network.head.stamp = network.extractor.stamp
      own?.0.head.stamp = network.extractor.stamp
    }
    // A shared head knows the features of all tasks.
    for (auxiliary, anchor) in shared {
      var lineage = lineage
      lineage.partners = networks.indices.map {
        .init(role: "extractor", name: networks[$0].name, digest: extractors[$0])
      }
      auxiliary.head.stamp = ComponentStamp(
        featureSpace: FeatureSpace([anchor] + initialAnchors.compactMap { $0 }),
        lineage: lineage)
    }
  }

  /// Of each network, where its initial weights are another's too: to be taken before training.
  /// Counted are the weights of extractor and head that do not depend on the number of classes.
  static func initialAnchors(
    _ networks: [TaskNetwork], _ recipe: Recipe, on backend: any Backend
  ) throws -> [Anchor?] {
    let digests = try networks.map { network in
      var weights = try ComponentRecord(network.extractor, on: backend).tensors
      let classifier = network.head.architecture.classifier
      for (name, entry) in try ComponentRecord(network.head, on: backend).tensors
      where !name.hasPrefix("\(classifier).") {
        weights["head.\(name)"] = entry
      }
      return Digest.weights(weights)
    }
    return digests.map { digest in
      recipe.uses(.identicalInitialWeights) || digests.filter { $0 == digest }.count > 1
        ? Anchor(.initialWeights, digest) : nil
    }
  }

  private func anchor(_ auxiliary: AuxiliaryHead) throws -> Anchor {
    Anchor(
      Anchor.Kind(auxiliary.kind),
      try ComponentRecord(auxiliary, on: backend).header.digest)
  }

  /// What is the same for all components of this training.
  private var lineage: Lineage {
    var lineage = Lineage(origin: .training)
    lineage.methods = recipe.methods.map(\.rawValue)
    lineage.scheme = recipe.scheme.rawValue
    lineage.recipe = recipe.withoutPaths.yaml
    lineage.data = networks.map { .init(name: $0.dataset.name, digest: $0.dataset.digest) }
    lineage.seed = recipe.seed
    lineage.batch = recipe.batch
    lineage.device = backend.kind
    return lineage
  }
}

extension Recipe {
  /// What of it may stand in a component: equal trainings in other places are equal.
  var withoutPaths: Recipe {
    var recipe = self
    recipe.initialWeights = nil
    for index in recipe.tasks.indices {
      recipe.tasks[index].path = nil
      recipe.tasks[index].initialWeights = nil
    }
    return recipe
  }
}
