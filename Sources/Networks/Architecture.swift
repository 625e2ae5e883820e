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
