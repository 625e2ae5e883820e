import COpenCL
import Kernels
public import Tensors

/// How batch norm runs over a tensor `[rows, channels]`, by shape alone.
private struct BatchNormTiling {
  let family: KernelFamily
  /// Of the tiles whose sums are merged.
  let tileRows: Int
  let tiles: Int
  private let rows: Int
  private let channels: Int
  /// Channels of a vector, and vectors of a work-item.
  private let vector: Int
  private let block: Int
  /// Rows that a work-item of the portable family loads at once.
  private static let rowsAtOnce = 4

  init(_ g: BatchNormGeometry, family: KernelFamily, vectorWidth: Int) {
    self.family = family
    (rows, channels) = (g.rows, g.channels)
    switch family {
    case .vector:
      // The widest vector that divides the channels, and up to 4 of them a work-item.
      vector = [16, 8, 4, 2, 1].first { $0 <= vectorWidth && g.channels % $0 == 0 }!
      let vectors = g.channels / vector
      block = [4, 3, 2, 1].first { vectors % $0 == 0 }!
      // Some 64 tiles.
      tileRows = max(16, (g.rows + 63) / 64)
    case .portable:
      vector = g.channels % 4 == 0 ? 4 : 1
      block = 1
      // Enough work-groups to fill a GPU, and rows for all of a group's items.
      tileRows = max(64, (g.rows + 511) / 512)
    }
    tiles = (g.rows + tileRows - 1) / tileRows
  }

  /// Vectors of a work-group with sums, and items of each that take turns at the rows.
  private var group: [Int] {
    let lanes = [8, 4, 2].first { $0 <= max(channels / vector, 1) } ?? 1
    return [lanes, 128 / lanes]
  }

  func defines(_ more: [String]) -> [String] {
    switch family {
    case .vector: ["V=\(vector)", "B=\(block)", "C=\(channels)"] + more
    case .portable:
      ["V=\(vector)", "ROWS=\(Self.rowsAtOnce)"]
        + ["LANES=\(group[0])", "TURNS=\(group[1])"] + (vector > 1 ? ["ALIGNED"] : []) + more
    }
  }

  /// Of a kernel that goes through the rows, its arguments ending with their number.
  var wholeRange: WorkRange {
    switch family {
    case .vector: tileRange
    case .portable:
      WorkRange(
        portable: [
          (rows + Self.rowsAtOnce - 1) / Self.rowsAtOnce * (channels / vector)
        ])
    }
  }

  /// Of a kernel that leaves sums of each tile.
  var tileRange: WorkRange {
    let vectors = channels / vector
    switch family {
    case .vector: return WorkRange([vectors / block, tiles], [1, 1])
    case .portable:
      return WorkRange(
        [(vectors + group[0] - 1) / group[0] * group[0], group[1] * tiles], group)
    }
  }

  /// What ends the arguments of a kernel that leaves sums of each tile.
  var tileSizes: [KernelArgument] {
    [.int(rows), .int(tileRows)] + (family == .portable ? [.int(channels)] : [])
  }

  /// What ends the arguments of a kernel that goes through the rows.
  var sizes: [KernelArgument] {
    family == .vector ? [.int(rows), .int(tileRows)] : [.int(rows), .int(channels)]
  }
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
        batchNormKernel("batchnorm_tile_statistics", tiling),
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
          "batchnorm_forward", tiling,
          [
            "ACTIVATION=\(normalization.activation.code)", "RESIDUAL=\(residual == nil ? 0 : 1)",
          ]),
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
    let tiling = BatchNormTiling(g, family: family, vectorWidth: vectorWidth)
    attempt {
      let partial = makeStorage(tiling.tiles * 2 * g.channels)
      guard let partials = partial.memory else { return }
      try launch(
        batchNormKernel(
          "batchnorm_complete_gradient", tiling,
          [
            "ACTIVATION=\(normalization.activation.code)",
            "HAS_OUTPUT=\(completion.output == nil ? 0 : 1)",
          ]),
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
          "batchnorm_data_gradient", tiling,
          ["OF_BATCH=\(through.ofBatch ? 1 : 0)", "ACCUMULATE=\(accumulate ? 1 : 0)"]),
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

  private func batchNormKernel(
    _ name: String, _ tiling: BatchNormTiling, _ more: [String] = []
  ) throws -> Kernel {
    try batchNormKernel(
      name, tiling.family == .vector ? .batchNorm : .batchNormPortable,
      defines: tiling.defines(more))
  }

  /// Merges tiles channel by channel: a work-item each, or, where thousands of work-items have to
  /// be busy, a work-group each.
  private func launchMerge(
    _ what: String, channels: Int, _ arguments: [KernelArgument]
  ) throws {
    let lanes: Int? = family == .portable ? 128 : nil
    let defines = ["V=1", "B=1", "C=\(channels)"] + (lanes.map { ["LANES=\($0)"] } ?? [])
    try queue.launch(
      batchNormKernel("batchnorm_merge_\(what)", .batchNorm, defines: defines), arguments,
      global: [(lanes ?? 1) * channels], local: lanes.map { [$0] })
  }

  private func batchNormKernel(
    _ name: String, _ source: KernelSource, defines: [String]
  ) throws -> Kernel {
    // Every kernel of the file has to compile, whichever is asked for.
    let flags = ["ACTIVATION", "RESIDUAL", "HAS_OUTPUT", "OF_BATCH", "ACCUMULATE"]
      .filter { flag in !defines.contains { $0.hasPrefix(flag + "=") } }.map { "\($0)=0" }
    return try programs.kernel(
      ProgramKey(
        [.common, source], kernel: name,
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
