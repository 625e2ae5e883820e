public import Tensors

extension OpenCLBackend {
  public func averagePool(x: Tensor, window: Int, stride: Int, into y: Tensor) {
    let g = PoolingGeometry(
      .averagePoolForward, input: x.shape, output: y.shape, window: window, stride: stride)
    pool(x, g, windowWidth: window, into: y)
  }

  public func averagePoolBackward(
    dy: Tensor, window: Int, stride: Int, into dx: Tensor, accumulate: Bool
  ) {
    let g = PoolingGeometry(
      .averagePoolBackward, input: dx.shape, output: dy.shape, window: window, stride: stride)
    poolBackward(dy, g, windowWidth: window, into: dx, accumulate: accumulate)
  }

  public func globalAveragePool(x: Tensor, into y: Tensor) {
    let g = PoolingGeometry(.globalAveragePoolForward, global: x.shape, output: y.shape)
    pool(x, g, windowWidth: g.w, into: y)
  }

  public func globalAveragePoolBackward(dy: Tensor, into dx: Tensor, accumulate: Bool) {
    let g = PoolingGeometry(.globalAveragePoolBackward, global: dx.shape, output: dy.shape)
    poolBackward(dy, g, windowWidth: g.w, into: dx, accumulate: accumulate)
  }

  private func sizes(_ g: PoolingGeometry, windowWidth: Int) -> [KernelArgument] {
    [g.h, g.w, g.c, g.p, g.q, g.window, windowWidth, g.stride].map(KernelArgument.int)
  }

  private func pool(_ x: Tensor, _ g: PoolingGeometry, windowWidth: Int, into y: Tensor) {
    attempt {
      try launchSpatial(
        "average_pool",
        [.buffer(memory(x)), .buffer(memory(y))], sizes(g, windowWidth: windowWidth),
        pixels: (g.n * g.p, g.q), channels: g.c)
    }
  }

  private func poolBackward(
    _ dy: Tensor, _ g: PoolingGeometry, windowWidth: Int, into dx: Tensor, accumulate: Bool
  ) {
    attempt {
      try launchSpatial(
        "average_pool_backward",
        [.buffer(memory(dy)), .buffer(memory(dx))],
        sizes(g, windowWidth: windowWidth) + [.int(accumulate ? 1 : 0)],
        pixels: (g.n * g.h, g.w), channels: g.c)
    }
  }
}
