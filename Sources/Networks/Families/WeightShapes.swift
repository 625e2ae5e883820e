/// Names and shapes of the tensors of a weight file, as its writer has them: filters
/// `[K, C, R, S]`, linear weights `[K, C]`. From them a family tells depth and width.
public struct WeightShapes: Sendable {
  public let shapes: [String: [Int]]

  public init(_ shapes: [String: [Int]]) { self.shapes = shapes }

  /// How many different parts stand directly below a prefix: 9 for `layer1.` of a ResNet-56, whose
  /// names go on with `0.` to `8.`.
  public func parts(below prefix: String) -> Int {
    Set(
      shapes.keys.lazy.filter { $0.hasPrefix(prefix) }
        .compactMap { $0.dropFirst(prefix.count).split(separator: ".").first }
    ).count
  }

  /// Output channels of a layer: the first axis of `<layer>.weight`; nil where there is none.
  public func outputChannels(of layer: String) -> Int? { shapes["\(layer).weight"]?.first }
}
