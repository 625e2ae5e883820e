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

  public func maxPool(
    x: Tensor, window: Int, stride: Int, padding: Int, into y: Tensor, winners: Tensor?
  ) {
    let g = PoolingGeometry(
      .maxPoolForward, input: x.shape, output: y.shape, window: window, stride: stride,
      padding: padding)
    precondition(
      winners == nil || winners!.shape == y.shape,
      "maxPoolForward: output \(y.shape), winners \(winners!.shape)")
    attempt {
      // An argument has to be some buffer, also where nothing is written to it.
      try launchSpatial(
        "max_pool",
        [.buffer(memory(x)), .buffer(memory(y)), .buffer(memory(winners ?? y))],
        [g.h, g.w, g.c, g.p, g.q, window, stride, padding, winners == nil ? 0 : 1]
          .map(KernelArgument.int),
        pixels: (g.n * g.p, g.q), channels: g.c)
    }
  }

  public func maxPoolBackward(
    dy: Tensor, winners: Tensor, window: Int, stride: Int, padding: Int, into dx: Tensor,
    accumulate: Bool
  ) {
    let g = PoolingGeometry(
      .maxPoolBackward, input: dx.shape, output: dy.shape, window: window, stride: stride,
      padding: padding)
    precondition(
      winners.shape == dy.shape, "maxPoolBackward: dy \(dy.shape), winners \(winners.shape)")
    attempt {
      try launchSpatial(
        "max_pool_backward",
        [.buffer(memory(dy)), .buffer(memory(winners)), .buffer(memory(dx))],
        [g.h, g.w, g.c, g.p, g.q, window, stride, padding, accumulate ? 1 : 0]
          .map(KernelArgument.int),
        pixels: (g.n * g.h, g.w), channels: g.c)
    }
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
