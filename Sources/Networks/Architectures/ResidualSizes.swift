/// Depths and widths of residual networks of three stages of n blocks.
enum ResidualSizes {
  /// depth · width² of the largest one: some twice WRN-28-16.
  private static let mostWork = 16_384.0

  /// - Parameters:
  ///   - offset: of the depth 6n + offset.
  ///   - kind: for messages: “a ResNet”.
  static func validate(
    _ architecture: Architecture, offset: Int, _ kind: String
  ) throws(ArchitectureError) {
    let (depth, width) = (architecture.depth, architecture.width)
    let least = 6 + offset
    if !(least...1202 ~= depth) || (depth - offset) % 6 != 0 {
      let below = max(least, (min(max(depth, 0), 1196) - offset) / 6 * 6 + offset)
      let examples = [1, 2, 3, 5, 7, 9].map { "\(6 * $0 + offset)" }.joined(separator: ", ")
      throw ArchitectureError(
        "depth",
        "\(kind)'s depth is 6n + \(offset) (\(examples), …), got \(depth); "
          + "the nearest are \(below) and \(below + 6)")
    }
    guard 1...32 ~= width, width == width.rounded() else {
      throw ArchitectureError(
        "width", "a \(architecture.name)'s width is a whole number from 1 to 32, got \(width)")
    }
    guard Double(depth) * width * width <= mostWork else {
      throw ArchitectureError(
        "width",
        "depth · width² is at most \(Int(mostWork)), got depth \(depth) and width "
          + architecture.widthText)
    }
  }

  /// Of a file's weights: depth by the blocks of the first stage, width by the channels of its
  /// first convolution, 16 times the width.
  static func sizes(
    of weights: WeightShapes, firstStage prefix: String, offset: Int
  ) -> (depth: Int?, width: Double?) {
    (
      6 * max(1, weights.parts(below: prefix)) + offset,
      weights.outputChannels(of: "\(prefix)0.conv1").map { (Double($0) / 16).rounded() }
    )
  }
}
