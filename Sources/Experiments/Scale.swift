import Networks

/// How much of an experiment is run. Scales change sizes and steps, nothing else.
public enum Scale: String, Codable, Sendable, CaseIterable {
  /// Does it run: a few steps on made-up images.
  case smoke
  /// Two cores and less than an hour.
  case short
  /// The paper's network.
  case full

  /// Weighted layers of the ResNet.
  public var depth: Int { self == .full ? 56 : 8 }
  /// Minibatches of each task (ours: the paper does not say).
  public var steps: Int {
    switch self {
    case .smoke: 4
    case .short: 500
    case .full: 64_000
    }
  }
  public var batch: Int {
    switch self {
    case .smoke: 16
    case .short: 64
    case .full: 128
    }
  }
}
