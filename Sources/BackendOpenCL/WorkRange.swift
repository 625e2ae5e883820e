/// The work-items of a launch, and how they are grouped.
struct WorkRange {
  let global: [Int]
  let local: [Int]?

  /// Work-items of a group of the portable family: four warps of NVIDIA's, two waves of AMD's.
  private static let groupItems = 128

  /// A range of the portable family: whole groups, so that no driver has to divide it (one that gets
  /// a prime number makes groups of one). Kernels return beyond `items`, as the last groups are not
  /// full. Neighbors in the first dimension stand in one group.
  init(portable items: [Int]) {
    var left = Self.groupItems
    var local: [Int] = []
    for count in items {
      let size = min(left, Self.powerOfTwo(count))
      local.append(size)
      left /= size
    }
    global = zip(items, local).map { count, size in (count + size - 1) / size * size }
    self.local = local
  }

  /// As given.
  init(_ global: [Int], _ local: [Int]?) { (self.global, self.local) = (global, local) }

  /// The least that is not below `count`.
  private static func powerOfTwo(_ count: Int) -> Int {
    count <= 1 ? 1 : 1 << (Int.bitWidth - (count - 1).leadingZeroBitCount)
  }
}

extension OpenCLBackend {
  /// Launches a kernel that either family runs over `items`.
  /// - Parameter cpuGroup: work-items of a group on CPUs; nil: the driver's choice.
  func launch(
    _ kernel: Kernel, _ arguments: [KernelArgument], over items: [Int], cpuGroup: [Int]? = nil
  ) throws {
    let range = family == .portable ? WorkRange(portable: items) : WorkRange(items, cpuGroup)
    try queue.launch(kernel, arguments, global: range.global, local: range.local)
  }
}
