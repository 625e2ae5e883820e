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
  public func batchNormStatistics(x: Tensor, mean: Tensor, variance: Tensor) {
    let g = BatchNormGeometry(
      .batchNormStatistics, x: x, full: [], vectors: [mean, variance])
    let tiling = BatchNormTiling(g, family: family, vectorWidth: vectorWidth)
    attempt {
      let partial = makeStorage(tiling.tiles * 2 * g.channels)
      guard let partials = partial.memory else { return }
      try queue.launch(
        batchNormKernel("batchnorm_tile_statistics", g, tiling),
        [.buffer(memory(x)), .buffer(partials), .int(g.rows), .int(tiling.tileRows)],
        global: [tiling.items, tiling.tiles], local: cpuGroup)
      try queue.launch(
        batchNormKernel("batchnorm_merge_statistics", g, tiling),
        [
          .buffer(partials), .buffer(memory(mean)), .buffer(memory(variance)), .int(g.rows),
          .int(tiling.tileRows), .int(tiling.tiles),
        ],
        global: [g.channels])
    }
  }

  public func batchNorm(
    x: Tensor, mean: Tensor, variance: Tensor, gamma: Tensor, beta: Tensor, epsilon: Float,
    residual: Tensor?, activation: Activation, into y: Tensor
  ) {
    let g = BatchNormGeometry(
      .batchNormForward, x: x, full: [residual, y], vectors: [mean, variance, gamma, beta])
    let tiling = BatchNormTiling(g, family: family, vectorWidth: vectorWidth)
    attempt {
      try queue.launch(
        batchNormKernel(
          "batchnorm_forward", g, tiling,
          [activation.define, "RESIDUAL=\(residual == nil ? 0 : 1)"]),
        [
          .buffer(memory(x)), .buffer(memory(mean)), .buffer(memory(variance)),
          .buffer(memory(gamma)), .buffer(memory(beta)), argument(residual),
          .buffer(memory(y)), .float(epsilon), .int(g.rows), .int(tiling.tileRows),
        ],
        global: [tiling.items, tiling.tiles], local: cpuGroup)
    }
  }

  public func batchNormBackward(
    dy: Tensor, x: Tensor, y: Tensor, mean: Tensor, variance: Tensor, gamma: Tensor,
    epsilon: Float, activation: Activation, ofBatch: Bool, dx: GradientOutput?, dgamma: GradientOutput?,
    dbeta: GradientOutput?, dresidual: GradientOutput?
  ) {
    let g = BatchNormGeometry(
      .batchNormBackward, x: x, full: [dy, y, dx?.tensor, dresidual?.tensor],
      vectors: [mean, variance, gamma, dgamma?.tensor, dbeta?.tensor])
    let tiling = BatchNormTiling(g, family: family, vectorWidth: vectorWidth)
    attempt {
      let sums = makeStorage(2 * g.channels)
      let partial = makeStorage(tiling.tiles * 2 * g.channels)
      guard let sum = sums.memory, let partials = partial.memory else { return }
      if (dx != nil && ofBatch) || dgamma != nil || dbeta != nil {
        try queue.launch(
          batchNormKernel("batchnorm_tile_gradients", g, tiling, [activation.define]),
          [
            .buffer(memory(dy)), .buffer(memory(x)), .buffer(memory(y)), .buffer(memory(mean)),
            .buffer(memory(variance)), .buffer(partials), .float(epsilon), .int(g.rows),
            .int(tiling.tileRows),
          ],
          global: [tiling.items, tiling.tiles], local: cpuGroup)
        try queue.launch(
          batchNormKernel("batchnorm_merge_gradients", g, tiling),
          [
            .buffer(partials), .buffer(sum), argument(dgamma?.tensor),
            argument(dbeta?.tensor), .int(tiling.tiles), .int(mode(dgamma)), .int(mode(dbeta)),
          ],
          global: [g.channels])
      }
      if dx != nil || dresidual != nil {
        try queue.launch(
          batchNormKernel(
            "batchnorm_backward", g, tiling,
            [
              activation.define, "OF_BATCH=\(ofBatch ? 1 : 0)",
              "HAS_DX=\(dx == nil ? 0 : 1)", "ACCUMULATE_DX=\(mode(dx) == 2 ? 1 : 0)",
              "HAS_DRESIDUAL=\(dresidual == nil ? 0 : 1)",
              "ACCUMULATE_DRESIDUAL=\(mode(dresidual) == 2 ? 1 : 0)",
            ]),
          [
            .buffer(memory(dy)), .buffer(memory(x)), .buffer(memory(y)), .buffer(memory(mean)),
            .buffer(memory(variance)), .buffer(memory(gamma)), .buffer(sum),
            argument(dx?.tensor), argument(dresidual?.tensor), .float(epsilon), .int(g.rows),
            .int(tiling.tileRows),
          ],
          global: [tiling.items, tiling.tiles], local: cpuGroup)
      }
    }
  }

  /// 0: not wanted, 1: overwrite, 2: add.
  private func mode(_ output: GradientOutput?) -> Int {
    output.map { $0.accumulate ? 2 : 1 } ?? 0
  }

  private func argument(_ tensor: Tensor?) -> KernelArgument {
    tensor.map { .buffer(memory($0)) } ?? .none
  }

  private func batchNormKernel(
    _ name: String, _ g: BatchNormGeometry, _ tiling: BatchNormTiling, _ more: [String] = []
  ) throws -> Kernel {
    // Every kernel of the file has to compile, whichever is asked for.
    let flags = [
      "ACTIVATION", "RESIDUAL", "OF_BATCH", "HAS_DX", "ACCUMULATE_DX", "HAS_DRESIDUAL",
      "ACCUMULATE_DRESIDUAL",
    ].filter { flag in !more.contains { $0.hasPrefix(flag + "=") } }.map { "\($0)=0" }
    return try programs.kernel(
      ProgramKey(
        source: .batchNorm, kernel: name,
        defines: tiling.defines(["C=\(g.channels)"] + more + flags)
          + (device.hasDoubles ? ["FP64"] : [])))
  }
}

extension Activation {
  /// As `common.cl` knows it.
  var define: String {
    switch self {
    case .none: "ACTIVATION=0"
    case .relu: "ACTIVATION=1"
    case .relu6: "ACTIVATION=2"
    }
  }
}
