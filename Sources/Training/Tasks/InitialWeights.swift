import Components
import Networks
import Tensors

/// Pre-trained initial weights: networks start as copies of the components of an earlier training.
///
/// From its extractor comes the extractor. From its shared rotation head, which has the target head's
/// shape, come the target heads except for the last linear layer, which stays fresh (ours).
public struct InitialWeights {
  /// Of the settings' architecture.
  public let extractor: GivenComponent
  /// Its shared rotation head, where it had one.
  public let rotationHead: GivenComponent?

  public init(extractor: GivenComponent, rotationHead: GivenComponent?) {
    (self.extractor, self.rotationHead) = (extractor, rotationHead)
  }

  /// - Throws: `FileError`; `SettingsError` for an extractor of another architecture.
  func copy(
    to network: TaskNetwork, _ settings: TrainingSettings, on backend: any Backend
  ) throws {
    let from = try extractor.record.makeExtractor(path: extractor.place, on: backend)
    guard from.architecture == settings.architecture else {
      throw SettingsError(
        "initial-weights: the extractor in \(extractor.place) is a \(from.architecture) cut at "
          + "\(from.architecture.split.rawValue), the recipe's a \(settings.architecture) cut at "
          + "\(settings.architecture.split.rawValue); give a run of the same architecture")
    }
    Self.copy(from.layers, to: network.extractor.layers, on: backend)
    guard let rotation = try makeRotationHead(on: backend) else { return }
    Self.copy(
      rotation.head.layers, to: network.head.layers, except: settings.architecture.classifier,
      on: backend)
  }

  /// An auxiliary head into the fresh one of its kind, where there is one.
  static func copy(
    _ given: GivenComponent, to heads: [AuxiliaryHead], on backend: any Backend
  ) throws {
    let from = try given.record.makeAuxiliaryHead(path: given.place, on: backend)
    guard let fresh = heads.first(where: { $0.kind == from.kind }) else { return }
    copy(from.head.layers, to: fresh.head.layers, on: backend)
  }

  private func makeRotationHead(on backend: any Backend) throws -> AuxiliaryHead? {
    try rotationHead.map { try $0.record.makeAuxiliaryHead(path: $0.place, on: backend) }
  }

  /// Parameters and running statistics, by position; what belongs to the layer `except` stays.
  private static func copy(
    _ source: Sequential, to target: Sequential, except: String? = nil, on backend: any Backend
  ) {
    func counts(_ name: String) -> Bool { except.map { !name.hasPrefix("\($0).") } ?? true }
    target.parameters.filter { counts($0.name) }.copyValues(
      from: source.parameters.filter { counts($0.name) }, on: backend)
    for (from, to) in zip(source.buffers, target.buffers) {
      backend.copy(from.value, to: to.value)
    }
  }
}
