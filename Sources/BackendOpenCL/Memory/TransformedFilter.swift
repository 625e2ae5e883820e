/// How a transformed filter `[36, …]` stands to the filter [3, 3, C, K] that it was made of.
enum FilterOrientation: Int {
  /// `[36, C, K]`.
  case forward
  /// `[36, K, C]`, of the filter turned by 180 degrees: the data gradient as a convolution of dy.
  case turned
  /// `[36, K, C]`: the data gradient as the adjoint of the forward transforms.
  case swapped
}

/// A filter as the Winograd kernels read it, kept beside the filter until that changes.
final class TransformedFilter {
  let c: Int, k: Int
  let orientation: FilterOrientation
  let storage: OpenCLStorage
  weak var filter: OpenCLStorage?
  var isFresh = false

  init(
    of filter: OpenCLStorage, c: Int, k: Int, orientation: FilterOrientation,
    storage: OpenCLStorage
  ) {
    (self.c, self.k, self.orientation) = (c, k, orientation)
    (self.filter, self.storage) = (filter, storage)
  }
}

/// All transformed filters that are kept. An optimizer step makes those of a whole network stale at
/// once, and so they are transformed again together, 16 in a launch.
final class FilterTransforms {
  static let group = 16
  /// Larger ones, 36/9 of a filter's memory, are kept from the third use on of a filter that has not
  /// changed: those of a training that looks once a step, or twice to keep less (`Tape.recomputed`),
  /// would take more than they spare.
  static let mostBytes = 4 << 20
  static let usesBefore = 2

  private struct Kept { weak var transform: TransformedFilter? }
  private var kept: [Kept] = []

  func keep(_ transform: TransformedFilter) { kept.append(Kept(transform: transform)) }

  /// Those that have to be transformed again.
  func stale() -> [TransformedFilter] {
    kept.removeAll { $0.transform == nil }
    return kept.compactMap(\.transform).filter { !$0.isFresh }
  }
}
