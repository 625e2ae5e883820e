public import Tensors

/// After which part of a network it is cut into feature extractor and head.
public enum Split: String, Codable, Sendable, CaseIterable {
  case stage1, stage2, stage3

  /// Number of stages before the cut.
  public var stages: Int {
    switch self {
    case .stage1: 1
    case .stage2: 2
    case .stage3: 3
    }
  }
}

/// A network as data: from it the network is rebuilt.
public struct Architecture: Codable, Hashable, Sendable {
  public enum Name: String, Codable, Sendable, CaseIterable { case resnet }

  public var name: Name
  /// 6n + 2.
  public var depth: Int
  public var split: Split

  public init(name: Name = .resnet, depth: Int, split: Split) {
    self.name = name
    self.depth = depth
    self.split = split
  }
}

/// An architecture that cannot be built: what is wrong and what would be right.
public struct ArchitectureError: Error, CustomStringConvertible, Sendable, Equatable {
  public let description: String
}

extension Architecture {
  public func validate() throws(ArchitectureError) {
    guard depth >= 8, (depth - 2) % 6 == 0 else {
      let below = max(8, (depth - 2) / 6 * 6 + 2)
      throw ArchitectureError(
        description: "a ResNet's depth is 6n + 2 (8, 14, 20, 32, 44, 56, …), got \(depth); "
          + "the nearest are \(below) and \(below + 6)")
    }
  }

  /// What crosses the cut: number of channels, and by how much the image has been shrunk.
  public var cut: (channels: Int, spatialDivisor: Int) {
    (ResNet.widths[split.stages - 1], 1 << (split.stages - 1))
  }

  /// Everything before the cut, freshly drawn. Equal seeds give equal weights: identical initial
  /// weights are one seed given twice.
  /// - Precondition: `validate()` passes.
  public func makeExtractor(on backend: any Backend, seed: UInt64) -> Sequential {
    let network = ResNet(depth: depth, on: backend, seed: seed)
    return Sequential(network.stem() + (0..<split.stages).flatMap(network.stage))
  }

  /// Everything after the cut, freshly drawn.
  /// - Parameter linearSeed: of the last linear layer, where it differs from `seed`.
  /// - Precondition: `validate()` passes.
  public func makeHead(
    classes: Int, on backend: any Backend, seed: UInt64, linearSeed: UInt64? = nil
  ) -> Sequential {
    let network = ResNet(depth: depth, on: backend, seed: seed)
    return Sequential(
      (split.stages..<3).flatMap(network.stage)
        + network.classifier(classes: classes, seed: linearSeed ?? seed))
  }
}
