public import Tensors

extension OpenCLBackend {
  public func shortcut(x: Tensor, stride: Int, into y: Tensor) {
    let g = ShortcutGeometry(.shortcutForward, input: x.shape, output: y.shape, stride: stride)
    attempt {
      try launchSpatial(
        "shortcut",
        [.buffer(memory(x)), .buffer(memory(y))],
        [g.h, g.w, g.c, g.p, g.q, g.k, g.stride].map(KernelArgument.int),
        pixels: (g.n * g.p, g.q), channels: g.k, runs: [g.c, (g.k - g.c) / 2])
    }
  }

  public func shortcutBackward(dy: Tensor, stride: Int, into dx: Tensor, accumulate: Bool) {
    let g = ShortcutGeometry(.shortcutBackward, input: dx.shape, output: dy.shape, stride: stride)
    attempt {
      try launchSpatial(
        "shortcut_backward",
        [.buffer(memory(dy)), .buffer(memory(dx))],
        [g.h, g.w, g.c, g.p, g.q, g.k, g.stride, accumulate ? 1 : 0].map(KernelArgument.int),
        pixels: (g.n * g.h, g.w), channels: g.c)
    }
  }
}
