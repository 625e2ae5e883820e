public import Tensors

/// In which of four orders the 2×2 tiles of an image stand: as they were, top and bottom exchanged,
/// left and right exchanged, or both. The jigsaw puzzles of Noroozi and Favaro 2016 at 2×2, with
/// the orders in which every tile has another place in each (theirs are chosen for this distance
/// too).
public struct JigsawTask: AuxiliaryTask {
  public init() {}

  public var kind: AuxiliaryHead.Kind { .jigsaw }
  public var labelNames: [String] { ["as it was", "rows", "columns", "rows and columns"] }

  public func copy(_ transform: ImageTransform, label: Int) -> ImageTransform {
    var transform = transform
    transform.halves = .init(rawValue: UInt8(label))
    return transform
  }
}
