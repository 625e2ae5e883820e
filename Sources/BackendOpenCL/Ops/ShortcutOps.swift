import Kernels
public import Tensors

extension OpenCLBackend {
  public func shortcut(x: Tensor, stride: Int, into y: Tensor) {
    let g = ShortcutGeometry(.shortcutForward, input: x.shape, output: y.shape, stride: stride)
    attempt {
      try launchSpatial(
        "shortcut",
        [.buffer(memory(x)), .buffer(memory(y))]
          + [g.h, g.w, g.c, g.p, g.q, g.k, g.stride].map(KernelArgument.int),
        pixels: (g.n * g.p, g.q), channels: g.k,
        runs: [g.c, (g.k - g.c) / 2])
    }
  }

  public func shortcutBackward(dy: Tensor, stride: Int, into dx: Tensor, accumulate: Bool) {
    let g = ShortcutGeometry(.shortcutBackward, input: dx.shape, output: dy.shape, stride: stride)
    attempt {
      try launchSpatial(
        "shortcut_backward",
        [.buffer(memory(dy)), .buffer(memory(dx))]
          + [g.h, g.w, g.c, g.p, g.q, g.k, g.stride, accumulate ? 1 : 0].map(KernelArgument.int),
        pixels: (g.n * g.h, g.w), channels: g.c)
    }
  }

  /// Launches a kernel of `spatial.cl`: a work-item a pixel on CPUs, a channel of one on GPUs.
  /// - Parameter runs: channels that are treated alike beside all of them: no vector may straddle
  ///   two.
  func launchSpatial(
    _ name: String, _ arguments: [KernelArgument], pixels: (rows: Int, columns: Int), channels: Int,
    runs: [Int] = []
  ) throws {
    let inGrid = family == .portable
    let width = [16, 8, 4, 2].first { width in
      width <= vectorWidth && ([channels] + runs).allSatisfy { $0 % width == 0 }
    }
    let kernel = try programs.kernel(
      ProgramKey(
        source: .spatial, kernel: name,
        defines: ["V=\(inGrid ? 1 : width ?? 1)", "CHANNELS_IN_GRID=\(inGrid ? 1 : 0)"]))
    try queue.launch(kernel, arguments, global: [inGrid ? channels : 1, pixels.columns, pixels.rows])
  }
}
