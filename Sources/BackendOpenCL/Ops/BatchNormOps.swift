import COpenCL
import Kernels
public import Tensors

extension OpenCLBackend {
  public func batchNormStatistics(
    of source: StatisticsSource, mean: Tensor, variance: Tensor, running: RunningStatistics?
  ) {
    switch source {
    case .tiles(let tiles, let tileRows, let rows):
      attempt {
        try mergeStatistics(
          memory(tiles), tiles: tiles.shape[0], tileRows: tileRows, rows: rows, mean: mean,
          variance: variance, running: running)
      }
    case .tensor(let x):
      tensorStatistics(x, mean: mean, variance: variance, running: running)
    }
  }

  private func tensorStatistics(
    _ x: Tensor, mean: Tensor, variance: Tensor, running: RunningStatistics?
  ) {
    let g = BatchNormGeometry(
      .batchNormStatistics, x: x, full: [], vectors: [mean, variance])
    let tiling = tiling(g)
    attempt {
      let partial = makeStorage(tiling.tiles * 2 * g.channels)
      guard let partials = partial.memory else { return }
      try launch(
        batchNormKernel(.tileStatistics, tiling),
        [.buffer(memory(x)), .buffer(partials)] + tiling.tileSizes,
        tiling.tileRange)
      try mergeStatistics(
        partials, tiles: tiling.tiles, tileRows: tiling.tileRows, rows: g.rows, mean: mean,
        variance: variance, running: running)
    }
  }

  /// Mean and variance of `rows` rows from mean and M2 of tiles of `tileRows` rows.
  private func mergeStatistics(
    _ partials: cl_mem, tiles: Int, tileRows: Int, rows: Int, mean: Tensor, variance: Tensor,
    running: RunningStatistics?
  ) throws {
    try launchMerge(
      .mergeStatistics, channels: mean.count,
      [
        .buffer(partials), .buffer(memory(mean)), .buffer(memory(variance)),
        argument(running?.mean), argument(running?.variance), .int(rows), .int(tileRows),
        .int(tiles), .float(running?.momentum ?? 0), .float(RunningStatistics.unbiased(rows: rows)),
      ])
  }

  public func batchNorm(
    x: Tensor, _ normalization: ChannelNormalization, residual: Tensor?, into y: Tensor
  ) {
    let g = BatchNormGeometry(.batchNormForward, x: x, full: [residual, y], normalization)
    let tiling = tiling(g)
    attempt {
      try launch(
        batchNormKernel(
          .forward, tiling,
          BatchNormFlags(activation: normalization.activation, residual: residual != nil)),
        [
          .buffer(memory(x)), .buffer(memory(normalization.mean)),
          .buffer(memory(normalization.variance)), .buffer(memory(normalization.gamma)),
          .buffer(memory(normalization.beta)), argument(residual), .buffer(memory(y)),
          .float(normalization.epsilon),
        ] + tiling.sizes, tiling.wholeRange)
    }
  }

  public func completeGradient(_ gradient: Tensor, _ completion: GradientCompletion) {
    let normalization = completion.normalization
    let g = BatchNormGeometry(
      .batchNormCompletion, x: gradient, full: [completion.input, completion.output],
      normalization, vectors: [completion.dgamma?.tensor, completion.dbeta?.tensor],
      sums: completion.sums)
    let tiling = tiling(g)
    attempt {
      let partial = makeStorage(tiling.tiles * 2 * g.channels)
      guard let partials = partial.memory else { return }
      try launch(
        batchNormKernel(
          .completeGradient, tiling,
          BatchNormFlags(
            activation: normalization.activation, hasOutput: completion.output != nil)),
        [
          .buffer(memory(gradient)), .buffer(memory(completion.input)),
          argument(completion.output), .buffer(memory(normalization.mean)),
          .buffer(memory(normalization.variance)), .buffer(memory(normalization.gamma)),
          .buffer(memory(normalization.beta)), .buffer(partials), .float(normalization.epsilon),
        ] + tiling.tileSizes, tiling.tileRange)
      try mergeGradients(partials, tiles: tiling.tiles, completion)
    }
  }

  /// The sums of a completed gradient from those of its tiles.
  func mergeGradients(_ partials: cl_mem, tiles: Int, _ completion: GradientCompletion) throws {
    let channels = completion.sums.shape[1]
    try launchMerge(
      .mergeGradients, channels: channels,
      [
        .buffer(partials), .buffer(memory(completion.normalization.variance)),
        .buffer(memory(completion.sums)), argument(completion.dgamma?.tensor),
        argument(completion.dbeta?.tensor), .float(completion.normalization.epsilon),
        .int(tiles), .int(mode(completion.dgamma)), .int(mode(completion.dbeta)),
      ])
  }

  public func batchNormDataGradient(_ dy: OutputGradient, into dx: Tensor, accumulate: Bool) {
    guard let through = dy.through else {
      preconditionFailure("batchNormDataGradient: the gradient passes no batch norm")
    }
    let normalization = through.normalization
    let g = BatchNormGeometry(
      .batchNormDataGradient, x: dy.tensor, full: [through.input, dx], normalization,
      sums: through.sums)
    let tiling = tiling(g)
    attempt {
      try launch(
        batchNormKernel(
          .dataGradient, tiling,
          BatchNormFlags(ofBatch: through.ofBatch, accumulate: accumulate)),
        [
          .buffer(memory(dy.tensor)), .buffer(memory(through.input)),
          .buffer(memory(normalization.mean)), .buffer(memory(normalization.variance)),
          .buffer(memory(normalization.gamma)), .buffer(memory(through.sums)),
          .buffer(memory(dx)), .float(normalization.epsilon),
        ] + tiling.sizes, tiling.wholeRange)
    }
  }

  /// 0: not wanted, 1: overwrite, 2: add.
  private func mode(_ output: GradientOutput?) -> Int {
    output.map { $0.accumulate ? 2 : 1 } ?? 0
  }

  func argument(_ tensor: Tensor?) -> KernelArgument {
    tensor.map { .buffer(memory($0)) } ?? .none
  }

  private func launch(
    _ kernel: Kernel, _ arguments: [KernelArgument], _ range: WorkRange
  ) throws {
    try queue.launch(kernel, arguments, global: range.global, local: range.local)
  }

  private func tiling(_ g: BatchNormGeometry) -> BatchNormTiling {
    memos(g) {
      BatchNormTiling(g, family: family, vectorWidth: vectorWidth)
    }
  }

  private func batchNormKernel(
    _ name: BatchNormKernelName, _ tiling: BatchNormTiling, _ flags: BatchNormFlags = .init()
  ) throws -> Kernel {
    try batchNormKernel(BatchNormKernelKey(name: name, tiling: tiling, flags: flags)) {
      (tiling.family == .vector ? .batchNorm : .batchNormPortable, tiling.defines)
    }
  }

  /// Merges tiles channel by channel: a work-item each, or, where thousands of work-items have to
  /// be busy, a work-group each.
  private func launchMerge(
    _ name: BatchNormKernelName, channels: Int, _ arguments: [KernelArgument]
  ) throws {
    let lanes: Int? = family == .portable ? 128 : nil
    let kernel = try batchNormKernel(BatchNormKernelKey(name: name, channels: channels)) {
      (.batchNorm, ["V=1", "B=1", "C=\(channels)"] + (lanes.map { ["LANES=\($0)"] } ?? []))
    }
    try queue.launch(
      kernel, arguments, global: [(lanes ?? 1) * channels], local: lanes.map { [$0] })
  }

  private func batchNormKernel(
    _ key: BatchNormKernelKey, _ make: () -> (source: KernelSource, defines: [String])
  ) throws -> Kernel {
    try memos(key) {
      let (source, defines) = make()
      return try programs.kernel(
        ProgramKey(
          [.common, source], kernel: key.name.rawValue,
          defines: defines + key.flags.defines + (device.hasDoubles ? ["FP64"] : [])))
    }
  }
}

extension Activation {
  /// As the kernels know it.
  var code: Int {
    switch self {
    case .none: 0
    case .relu: 1
    case .relu6: 2
    }
  }
}
