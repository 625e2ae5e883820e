import COpenCL
import Kernels
public import Tensors

/// How batch norm is tiled: `tileRows` rows × one block of channels a work-item.
private struct BatchNormTiling {
  let tileRows: Int
  let tiles: Int
  let vector: Int
  let block: Int
  let items: Int

  init(_ g: BatchNormGeometry, family: KernelFamily, vectorWidth: Int) {
    // The widest vector that divides the channels, and up to 4 of them a work-item.
    vector = [16, 8, 4, 2, 1].first { $0 <= vectorWidth && g.channels % $0 == 0 }!
    let vectors = g.channels / vector
    block = family == .vector ? [4, 3, 2, 1].first { vectors % $0 == 0 }! : 1
    items = vectors / block
    // Some 64 tiles on CPUs; GPUs want enough work-items to fill them.
    let wanted = family == .vector ? 64 : 512
    tileRows = max(16, (g.rows + wanted - 1) / wanted)
    tiles = (g.rows + tileRows - 1) / tileRows
  }

  func defines(_ more: [String] = []) -> [String] { ["V=\(vector)", "B=\(block)"] + more }
}

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
    let tiling = BatchNormTiling(g, family: family, vectorWidth: vectorWidth)
    attempt {
      let partial = makeStorage(tiling.tiles * 2 * g.channels)
      guard let partials = partial.memory else { return }
      try launch(
        batchNormKernel("batchnorm_tile_statistics", g, tiling),
        [.buffer(memory(x)), .buffer(partials), .int(g.rows), .int(tiling.tileRows)],
        over: [tiling.items, tiling.tiles], cpuGroup: [1, 1])
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
      "statistics", channels: mean.count,
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
    let tiling = BatchNormTiling(g, family: family, vectorWidth: vectorWidth)
    attempt {
      try launch(
        batchNormKernel(
          "batchnorm_forward", g, tiling,
          [
            "ACTIVATION=\(normalization.activation.code)", "RESIDUAL=\(residual == nil ? 0 : 1)",
          ]),
        [
          .buffer(memory(x)), .buffer(memory(normalization.mean)),
          .buffer(memory(normalization.variance)), .buffer(memory(normalization.gamma)),
          .buffer(memory(normalization.beta)), argument(residual), .buffer(memory(y)),
          .float(normalization.epsilon), .int(g.rows), .int(tiling.tileRows),
        ],
        over: [tiling.items, tiling.tiles], cpuGroup: [1, 1])
    }
  }

  public func completeGradient(_ gradient: Tensor, _ completion: GradientCompletion) {
    let normalization = completion.normalization
    let g = BatchNormGeometry(
      .batchNormCompletion, x: gradient, full: [completion.input, completion.output],
      normalization, vectors: [completion.dgamma?.tensor, completion.dbeta?.tensor],
      sums: completion.sums)
    let tiling = BatchNormTiling(g, family: family, vectorWidth: vectorWidth)
    attempt {
      let partial = makeStorage(tiling.tiles * 2 * g.channels)
      guard let partials = partial.memory else { return }
      try launch(
        batchNormKernel(
          "batchnorm_complete_gradient", g, tiling,
          [
            "ACTIVATION=\(normalization.activation.code)",
            "HAS_OUTPUT=\(completion.output == nil ? 0 : 1)",
          ]),
        [
          .buffer(memory(gradient)), .buffer(memory(completion.input)),
          argument(completion.output), .buffer(memory(normalization.mean)),
          .buffer(memory(normalization.variance)), .buffer(memory(normalization.gamma)),
          .buffer(memory(normalization.beta)), .buffer(partials), .float(normalization.epsilon),
          .int(g.rows), .int(tiling.tileRows),
        ],
        over: [tiling.items, tiling.tiles], cpuGroup: [1, 1])
      try mergeGradients(partials, tiles: tiling.tiles, completion)
    }
  }

  /// The sums of a completed gradient from those of its tiles.
  func mergeGradients(_ partials: cl_mem, tiles: Int, _ completion: GradientCompletion) throws {
    let channels = completion.sums.shape[1]
    try launchMerge(
      "gradients", channels: channels,
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
    let tiling = BatchNormTiling(g, family: family, vectorWidth: vectorWidth)
    attempt {
      try launch(
        batchNormKernel(
          "batchnorm_data_gradient", g, tiling,
          ["OF_BATCH=\(through.ofBatch ? 1 : 0)", "ACCUMULATE=\(accumulate ? 1 : 0)"]),
        [
          .buffer(memory(dy.tensor)), .buffer(memory(through.input)),
          .buffer(memory(normalization.mean)), .buffer(memory(normalization.variance)),
          .buffer(memory(normalization.gamma)), .buffer(memory(through.sums)),
          .buffer(memory(dx)), .float(normalization.epsilon), .int(g.rows),
          .int(tiling.tileRows),
        ],
        over: [tiling.items, tiling.tiles], cpuGroup: [1, 1])
    }
  }

  /// 0: not wanted, 1: overwrite, 2: add.
  private func mode(_ output: GradientOutput?) -> Int {
    output.map { $0.accumulate ? 2 : 1 } ?? 0
  }

  func argument(_ tensor: Tensor?) -> KernelArgument {
    tensor.map { .buffer(memory($0)) } ?? .none
  }

  private func batchNormKernel(
    _ name: String, _ g: BatchNormGeometry, _ tiling: BatchNormTiling, _ more: [String] = []
  ) throws -> Kernel {
    try batchNormKernel(name, defines: tiling.defines(["C=\(g.channels)"] + more))
  }

  /// Merges tiles channel by channel: a work-item each, or, where thousands of work-items have to
  /// be busy, a work-group each.
  private func launchMerge(
    _ what: String, channels: Int, _ arguments: [KernelArgument]
  ) throws {
    let lanes: Int? = family == .portable ? 128 : nil
    let defines = ["V=1", "B=1", "C=\(channels)"] + (lanes.map { ["LANES=\($0)"] } ?? [])
    try queue.launch(
      batchNormKernel("batchnorm_merge_\(what)", defines: defines), arguments,
      global: [(lanes ?? 1) * channels], local: lanes.map { [$0] })
  }

  private func batchNormKernel(_ name: String, defines: [String]) throws -> Kernel {
    // Every kernel of the file has to compile, whichever is asked for.
    let flags = ["ACTIVATION", "RESIDUAL", "HAS_OUTPUT", "OF_BATCH", "ACCUMULATE"]
      .filter { flag in !defines.contains { $0.hasPrefix(flag + "=") } }.map { "\($0)=0" }
    return try programs.kernel(
      ProgramKey(
        [.common, .batchNorm], kernel: name,
        defines: defines + flags + (device.hasDoubles ? ["FP64"] : [])))
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
