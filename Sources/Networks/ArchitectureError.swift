/// An architecture that cannot be built: which part of it, what is wrong, what would be right.
public struct ArchitectureError: Error, CustomStringConvertible, Sendable, Equatable {
  /// The part's name, as in a recipe: `depth`, `width`, `split`, `adapter`, `resolution`.
  public let key: String
  public let description: String

  init(_ key: String, _ description: String) {
    self.key = key
    self.description = description
  }
}

extension Architecture {
  /// The most channels that an adapter may have.
  private static let mostAdapterChannels = 4096
  /// depth · width² of the largest residual network: some twice WRN-28-16.
  private static let mostWork = 16_384.0

  /// Throws what is wrong with it. Bounds keep an architecture from a file within memory.
  public func validate() throws(ArchitectureError) {
    switch name {
    case .resnet: try validateDepth(offset: 2, "a ResNet")
    case .wideResNet: try validateDepth(offset: 4, "a Wide ResNet")
    case .mobileNetV2:
      guard depth == MobileNetV2.depth else {
        throw ArchitectureError(
          "depth",
          "MobileNetV2 has \(MobileNetV2.depth) layers and no choice, got \(depth); "
            + "leave it out")
      }
    }
    try validateWidth()
    guard name.splits.contains(split) else {
      let names = name.splits.map(\.rawValue)
      throw ArchitectureError(
        "split", "a \(name.rawValue) is cut after \(names.first!) to \(names.last!), got \(split)")
    }
    guard (resolution != nil) == (name == .mobileNetV2) else {
      throw ArchitectureError(
        "resolution", "is MobileNetV2's alone, a \(name.rawValue) has none; leave it out")
    }
    if let adapter { try validate(adapter: adapter) }
  }

  private func validateDepth(
    offset: Int, _ kind: String
  ) throws(ArchitectureError) {
    let least = 6 + offset
    guard !(least...1202 ~= depth) || (depth - offset) % 6 != 0 else { return }
    let below = max(least, (min(max(depth, 0), 1196) - offset) / 6 * 6 + offset)
    let examples = [1, 2, 3, 5, 7, 9].map { "\(6 * $0 + offset)" }.joined(separator: ", ")
    throw ArchitectureError(
      "depth",
      "\(kind)'s depth is 6n + \(offset) (\(examples), …), got \(depth); "
        + "the nearest are \(below) and \(below + 6)")
  }

  private func validateWidth() throws(ArchitectureError) {
    if name == .mobileNetV2 {
      guard 0.05...4 ~= width else {
        throw ArchitectureError(
          "width", "MobileNetV2's width is from 0.05 to 4, got \(width)")
      }
      return
    }
    guard 1...32 ~= width, width == width.rounded() else {
      throw ArchitectureError(
        "width", "a \(name.rawValue)'s width is a whole number from 1 to 32, got \(width)")
    }
    guard Double(depth) * width * width <= Self.mostWork else {
      throw ArchitectureError(
        "width",
        "depth · width² is at most \(Int(Self.mostWork)), got depth \(depth) and width "
          + widthText)
    }
  }

  private func validate(adapter: Int) throws(ArchitectureError) {
    guard 1...Self.mostAdapterChannels ~= adapter else {
      throw ArchitectureError(
        "adapter", "has from 1 to \(Self.mostAdapterChannels) channels, got \(adapter)")
    }
    // Option A adds channels of zeros, it cannot take any away.
    guard name == .resnet, split.pieces < 3 else { return }
    let next = ResNet(depth: depth, width: Int(width)).pieces[split.pieces].channels
    guard adapter <= next else {
      throw ArchitectureError(
        "adapter",
        "has at most the \(next) channels of the ResNet's next stage, whose shortcut "
          + "can only add some, got \(adapter)")
    }
  }
}
