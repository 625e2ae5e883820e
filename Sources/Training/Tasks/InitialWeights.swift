import Components
import Datasets
import Networks
import Tensors

/// Pre-trained initial weights: networks start as copies of the components of an earlier training, or
/// of imported ones.
///
/// From the extractor comes the extractor; an adapter that it lacks stays fresh. From a shared rotation
/// head, which has the target head's shape, come the target heads except for the last linear layer,
/// which stays fresh (ours). A head of the same architecture gives the target head likewise, and the
/// last layer where it has the same classes.
public struct InitialWeights {
  /// Of the task's architecture.
  public let extractor: GivenComponent
  /// Its shared rotation head, where it had one.
  public let rotationHead: GivenComponent?
  /// A head that stood beside it.
  public let head: GivenComponent?

  public init(
    extractor: GivenComponent, rotationHead: GivenComponent?, head: GivenComponent? = nil
  ) {
    (self.extractor, self.rotationHead, self.head) = (extractor, rotationHead, head)
  }

  /// What the images were normalized by under which imported filters were trained: it is kept. (What
  /// was trained here starts anew with that of its own images.)
  var normalization: Normalization? {
    let header = extractor.record.header
    guard let origin = header.lineage?.origin, [.importing, .adapter].contains(origin) else {
      return nil
    }
    return header.preprocessing?.normalization
  }

  /// - Throws: `FileError`; `SettingsError` for an extractor of another architecture.
  func copy(
    to network: TaskNetwork, _ settings: TrainingSettings, on backend: any Backend
  ) throws {
    let from = try extractor.record.makeExtractor(path: extractor.place, on: backend)
    let wanted = network.extractor.architecture
    guard from.architecture == wanted || wanted.isAdapted(from.architecture) else {
      throw SettingsError(
        "initial-weights: the extractor in \(extractor.place) is of a \(from.architecture.inFull), "
          + "the recipe's of a \(wanted.inFull); give one of the same architecture")
    }
    network.extractor.layers.copyCommon(from: from.layers, on: backend)
    let classifier = "\(settings.architecture.classifier)."
    if let rotation = try makeRotationHead(on: backend),
      rotation.head.architecture == settings.architecture
    {
      network.head.layers.copyCommon(
        from: rotation.head.layers, except: { $0.hasPrefix(classifier) }, on: backend)
    }
    guard let given = head else { return }
    let head = try given.record.makeHead(path: given.place, on: backend)
    guard head.architecture == settings.architecture else { return }
    let isSame = head.classNames == network.head.classNames
    network.head.layers.copyCommon(
      from: head.layers, except: { !isSame && $0.hasPrefix(classifier) }, on: backend)
  }

  /// An auxiliary head into the fresh one of its kind, where there is one.
  static func copy(
    _ given: GivenComponent, to heads: [AuxiliaryHead], on backend: any Backend
  ) throws {
    let from = try given.record.makeAuxiliaryHead(path: given.place, on: backend)
    guard let fresh = heads.first(where: { $0.kind == from.kind }) else { return }
    fresh.head.layers.copyCommon(from: from.head.layers, on: backend)
  }

  private func makeRotationHead(on backend: any Backend) throws -> AuxiliaryHead? {
    try rotationHead.map { try $0.record.makeAuxiliaryHead(path: $0.place, on: backend) }
  }
}
