public import Components
public import Tensors

/// What components are looked for by; all that is given has to hold.
public struct ComponentQuery: Sendable {
  public var kind: ComponentKind?
  public var channels: Int?
  public var activation: Activation?
  public var batchNorm: BatchNormPolicy?
  /// Beginning of the digest of an anchor.
  public var anchor: String?
  /// Classes that the head knows.
  public var labels: [String] = []
  /// Extractors or heads that fit this head or extractor.
  public var fits: ComponentHeader?
  /// Neither what was aligned after its training, nor what fits by alignment alone.
  public var refusesAligned = false

  public init() {}

  func accepts(_ component: ComponentFile.Summary) -> Bool {
    let interface = component.parts[0].interface
    return (kind.map { $0 == component.kind } ?? true)
      && (channels.map { $0 == interface.channels } ?? true)
      && (activation.map { $0 == interface.activation } ?? true)
      && (batchNorm.map { $0 == interface.batchNorm } ?? true)
      && (anchor.map { anchor in
        component.featureSpace.anchors.contains { $0.digest.hasPrefix(anchor) }
      } ?? true)
      && labels.allSatisfy { label in
        component.classNames?.contains { $0.lowercased() == label.lowercased() } ?? false
      }
      && !(refusesAligned && component.featureSpace.isAligned)
      && (fits.map { fit($0, component) } ?? true)
  }

  private func fit(_ given: ComponentHeader, _ found: ComponentFile.Summary) -> Bool {
    let other = found.parts[0]
    let (extractor, head): (ComponentHeader, ComponentHeader)
    switch (given.kind, found.kind) {
    case (.extractor, .head): (extractor, head) = (given, other)
    case (.head, .extractor): (extractor, head) = (other, given)
    default: return false
    }
    let fit = Fit(
      extractor: extractor.interface, in: extractor.featureSpace, head: head.interface,
      in: head.featureSpace)
    return fit.mismatches.isEmpty && !(refusesAligned && fit.isAligned)
  }
}

extension ComponentLibrary {
  /// By digest; certificates are none.
  public func search(_ query: ComponentQuery) throws -> [Entry] {
    try contents().entries.filter { $0.component.map(query.accepts) ?? false }
  }
}
