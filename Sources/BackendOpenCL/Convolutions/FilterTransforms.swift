import COpenCL
import Kernels
import Tensors

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
    let uses = filter.uses[orientation, default: 0]
    filter.uses[orientation] = uses + 1
    if uses >= FilterTransforms.usesBefore || 36 * c * k * 4 <= FilterTransforms.mostBytes {
      filter.transforms.append(transform)
      transforms.keep(transform)
    }
    try refresh([transform])
    return transform
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

  /// The filter with zeros behind its channels, or with its channels swapped (`pack_filter`).
  /// - Parameter local: work-items of a group; nil: the driver's choice.
  func packedFilter(
    _ w: Tensor, _ packing: DirectConvolution.Packing, from: Int, to: Int, taps: Int,
    local: [Int]? = nil
  ) throws -> OpenCLStorage? {
    let packed = makeStorage(taps * from * to)
    guard let memory = packed.memory else { return nil }
    let kernel = try memos(packing) {
      try programs.kernel(
        ProgramKey(
          [.common, .convolutionVector], kernel: "pack_filter",
          defines: [
            "V=\(vectorWidth)", "PACK", "SWAP=\(packing == .pad ? 0 : 1)",
            "TURN=\(packing == .swapAndTurn ? 1 : 0)",
          ]))
    }
    try queue.launch(
      kernel, [.buffer(self.memory(w)), .buffer(memory), .int(w.shape[2]), .int(w.shape[3])],
      global: [to, from, taps], local: local)
    return packed
  }
}
