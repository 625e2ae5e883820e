import COpenCL
import Kernels
import Tensors

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

/// All transformed filters that are kept. An optimiser step makes those of a whole network stale at
/// once, and so they are transformed again together, 16 in a launch.
final class FilterTransforms {
  static let group = 16
  /// Larger ones are not kept: 36/9 of a filter's memory, twice.
  static let mostBytes = 4 << 20

  private struct Kept { weak var transform: TransformedFilter? }
  private var kept: [Kept] = []

  func keep(_ transform: TransformedFilter) { kept.append(Kept(transform: transform)) }

  /// Those that have to be transformed again.
  func stale() -> [TransformedFilter] {
    kept.removeAll { $0.transform == nil }
    return kept.compactMap(\.transform).filter { !$0.isFresh }
  }
}

extension OpenCLBackend {
  /// The filter transformed to `[36, c, k]`; whoever uses it holds on to it.
  func transformedFilter(
    _ w: Tensor, c: Int, k: Int, _ orientation: FilterOrientation
  ) throws -> TransformedFilter? {
    guard let filter = w.storage as? OpenCLStorage else { return nil }
    if let transform = filter.transforms.first(where: { $0.orientation == orientation }) {
      if !transform.isFresh { try refresh(transforms.stale()) }
      return transform
    }
    let storage = makeStorage(36 * c * k)
    guard storage.memory != nil else { return nil }
    let transform = TransformedFilter(
      of: filter, c: c, k: k, orientation: orientation, storage: storage)
    if 36 * c * k * 4 <= FilterTransforms.mostBytes {
      filter.transforms.append(transform)
      transforms.keep(transform)
    }
    try refresh([transform])
    return transform
  }

  /// To be called by whatever writes to a parameter: upload, copy, fill and the optimiser.
  func filterChanged(_ w: Tensor) {
    for transform in (w.storage as? OpenCLStorage)?.transforms ?? [] { transform.isFresh = false }
  }

  private func refresh(_ stale: [TransformedFilter]) throws {
    let size = FilterTransforms.group
    for first in stride(from: 0, to: stale.count, by: size) {
      let group = Array(stale[first..<min(first + size, stale.count)])
      // Places that are left over get the first one's buffers and are not run.
      let places = group + Array(repeating: group[0], count: size - group.count)
      func ints(_ value: (TransformedFilter) -> Int) -> KernelArgument {
        .ints(places.map { Int32(value($0)) })
      }
      try queue.launch(
        programs.kernel(
          ProgramKey(
            [.common, .sixteen, .winogradFilters], kernel: "transform_filters",
            defines: ["V=\(vectorWidth)"])),
        [ints { $0.c }, ints { $0.k }, ints { $0.orientation.rawValue }]
          + places.flatMap {
            [
              KernelArgument.buffer($0.filter!.memory!), KernelArgument.buffer($0.storage.memory!),
            ]
          },
        global: [group.map(\.c).max()!, group.count], local: [1, 1])
      for transform in group { transform.isFresh = true }
    }
  }
}
