import COpenCL
import Kernels
public import Tensors

/// How batch norm runs over a tensor `[rows, channels]`, by shape alone.
struct BatchNormTiling: Hashable {
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

  var defines: [String] {
    switch family {
    case .vector: ["V=\(vector)", "B=\(block)", "C=\(channels)"]
    case .portable:
      ["V=\(vector)", "ROWS=\(Self.rowsAtOnce)"]
        + ["LANES=\(group[0])", "TURNS=\(group[1])"] + (vector > 1 ? ["ALIGNED"] : [])
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

enum BatchNormKernelName: String {
  case tileStatistics = "batchnorm_tile_statistics"
  case mergeStatistics = "batchnorm_merge_statistics"
  case forward = "batchnorm_forward"
  case completeGradient = "batchnorm_complete_gradient"
  case mergeGradients = "batchnorm_merge_gradients"
  case dataGradient = "batchnorm_data_gradient"
}

/// Every kernel of the file has to compile, whichever is asked for, so each is given all.
struct BatchNormFlags: Hashable {
  var activation = Activation.none
  var residual = false
  var hasOutput = false
  var ofBatch = false
  var accumulate = false

  fileprivate var defines: [String] {
    func number(_ flag: Bool) -> Int { flag ? 1 : 0 }
    return [
      "ACTIVATION=\(activation.code)", "RESIDUAL=\(number(residual))",
      "HAS_OUTPUT=\(number(hasOutput))", "OF_BATCH=\(number(ofBatch))",
      "ACCUMULATE=\(number(accumulate))",
    ]
  }
}

/// What a program of batch norm depends on.
struct BatchNormKernelKey: Hashable {
  let name: BatchNormKernelName
  /// Of a kernel that goes through rows.
  var tiling: BatchNormTiling?
  /// Of a merge.
  var channels = 0
  var flags = BatchNormFlags()
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
