import Kernels

extension OpenCLBackend {
  /// Launches a kernel of `spatial.cl`, which shortcuts and pooling share: a work-item a pixel on
  /// CPUs, an element on GPUs.
  /// - Parameter runs: channels that are treated alike beside all of them: no vector may straddle
  ///   two.
  func launchSpatial(
    _ name: String, _ buffers: [KernelArgument], _ sizes: [KernelArgument],
    pixels: (rows: Int, columns: Int), channels: Int,
    runs: [Int] = []
  ) throws {
    func launch(width: Int, over items: [Int]) throws {
      let kernel = try programs.kernel(
        ProgramKey(
          source: .spatial, kernel: name,
          defines: ["V=\(width)", "EACH_ELEMENT=\(family == .portable ? 1 : 0)"]))
      try self.launch(kernel, buffers + [.int(pixels.rows)] + sizes, over: items)
    }
    switch family {
    case .portable:
      try launch(width: 1, over: [pixels.rows * pixels.columns * channels])
    case .vector:
      let width = [16, 8, 4, 2].first { width in
        width <= vectorWidth && ([channels] + runs).allSatisfy { $0 % width == 0 }
      }
      try launch(width: width ?? 1, over: [pixels.columns, pixels.rows])
    }
  }
}
