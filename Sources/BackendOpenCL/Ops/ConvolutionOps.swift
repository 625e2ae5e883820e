import COpenCL
import Kernels
public import Tensors

extension OpenCLBackend {
  public func convolution(
    x: ConvolutionInput, w: Tensor, stride: Int, padding: Int, into y: Tensor, statistics: Bool
  ) -> StatisticsSource {
    let g = ConvolutionGeometry(
      .convolutionForward, input: x.tensor.shape, filter: w.shape, output: y.shape,
      stride: stride, padding: padding)
    // A network ends in a linear layer.
    if family == .portable && warmsUp { matrixProducts.warmUp() }
    let plan = ConvolutionPlan(g, dataGradient: false, on: self)
    let tiles = statistics ? makeTensor([plan.partials, 2, g.k]) : nil
    attempt {
      try launch(
        plan, FusedInput(x, prefix: "X_", on: self), filter: w, into: y, addend: nil,
        statistics: tiles, completion: nil)
    }
    guard let tiles else { return .tensor(y) }
    return .tiles(tiles, tileRows: plan.partialPixels, rows: y.count / max(g.k, 1))
  }

  public func convolutionDataGradient(
    dy: OutputGradient, w: Tensor, stride: Int, padding: Int, into dx: Tensor, addend: Tensor?,
    completion: GradientCompletion?
  ) {
    let g = ConvolutionGeometry(
      .convolutionDataGradient, input: dx.shape, filter: w.shape, output: dy.tensor.shape,
      stride: stride, padding: padding)
    attempt {
      let plan = ConvolutionPlan(g, dataGradient: true, on: self)
      try launch(
        plan, FusedInput(dy, prefix: "X_", on: self), filter: w, into: dx, addend: addend,
        statistics: nil, completion: completion)
    }
  }

  public func convolutionFilterGradient(
    x: ConvolutionInput, dy: OutputGradient, filter: Shape, stride: Int, padding: Int
  ) -> Tensor {
    let g = ConvolutionGeometry(
      .convolutionFilterGradient, input: x.tensor.shape, filter: filter,
      output: dy.tensor.shape, stride: stride, padding: padding)
    switch family {
    case .portable:
      let plan = TiledFilterGradient(g)
      let slices = makeTensor(Shape([plan.slices] + filter.sizes))
      attempt {
        let inputs = [
          FusedInput(x, prefix: "X_", on: self), FusedInput(dy, prefix: "DY_", on: self),
        ]
        try queue.launch(
          fusedKernel(
            [.convolutionTiles, .filterGradientTiled], "filter_gradient_tiled",
            plan.defines + inputs.flatMap(\.defines)),
          inputs.flatMap(\.arguments)
            + [.buffer(memory(slices)), .int(plan.images), .int(plan.slicePixels)],
          global: plan.global, local: plan.local)
      }
      return slices
    case .vector:
      if let plan = winogradGradients(g) { return gradients(plan, g, x: x, dy: dy) }
      let plan = DirectFilterGradient(g, vectorWidth: vectorWidth)
      let slices = makeTensor(Shape([plan.slices] + filter.sizes))
      attempt {
        let inputs = [
          FusedInput(x, prefix: "X_", on: self), FusedInput(dy, prefix: "DY_", on: self),
        ]
        try queue.launch(
          fusedKernel(
            [.convolutionVector], "filter_gradient", plan.defines + inputs.flatMap(\.defines)),
          inputs.flatMap(\.arguments)
            + [.buffer(memory(slices)), .int(plan.images), .int(plan.sliceImages)],
          global: [plan.blocks, plan.slices], local: [1, 1])
      }
      return slices
    }
  }

  public func convolutionGradients(
    x: ConvolutionInput, dy: OutputGradient, w: Tensor, stride: Int, padding: Int,
    into dx: Tensor, addend: Tensor?, completion: GradientCompletion?
  ) -> Tensor {
    let g = ConvolutionGeometry(
      .convolutionGradients, input: dx.shape, filter: w.shape, output: dy.tensor.shape,
      stride: stride, padding: padding)
    if let plan = winogradGradients(g) {
      return gradients(
        plan, g, x: x, dy: dy,
        data: (filter: w, output: dx, addend: addend, completion: completion))
    }
    let slices = convolutionFilterGradient(
      x: x, dy: dy, filter: w.shape, stride: stride, padding: padding)
    convolutionDataGradient(
      dy: dy, w: w, stride: stride, padding: padding, into: dx, addend: addend,
      completion: completion)
    return slices
  }

  private func winogradGradients(_ g: ConvolutionGeometry) -> WinogradGradients? {
    family == .vector && convolutions == .automatic
      ? WinogradGradients(g, vectorWidth: vectorWidth) : nil
  }

  /// The slices of the filter gradient and, where asked for, the data gradient in the same launch.
  private func gradients(
    _ plan: WinogradGradients, _ g: ConvolutionGeometry, x: ConvolutionInput, dy: OutputGradient,
    data: (filter: Tensor, output: Tensor, addend: Tensor?, completion: GradientCompletion?)? = nil
  ) -> Tensor {
    let slices = makeTensor([plan.slices, g.r, g.s, g.c, g.k])
    attempt {
      let inputs = [
        FusedInput(x, prefix: "X_", on: self), FusedInput(dy, prefix: "DY_", on: self),
      ]
      var defines = plan.defines + inputs.flatMap(\.defines)
      var arguments =
        inputs.flatMap(\.arguments)
        + [.buffer(memory(slices)), .int(g.n), .int(plan.sliceImages)]
      var partial: OpenCLStorage?
      if let data {
        if data.completion != nil {
          partial = makeStorage(plan.slices * 2 * g.c)
          guard partial?.memory != nil else { return }
        }
        guard let filter = try transformedFilter(data.filter, c: g.k, k: g.c, .swapped) else {
          return
        }
        let output = FusedOutput(
          channels: g.c, padded: g.c, block: plan.channels, addend: data.addend,
          statistics: false, completion: data.completion, partials: partial?.memory, on: self)
        defines += ["DATA=1"] + output.defines
        arguments +=
          [.buffer(filter.storage.memory!), .buffer(memory(data.output))] + output.arguments
      } else {
        defines += ["DATA=0", "EPILOGUE=0", "ACCUMULATE=0"]
      }
      try queue.launch(
        fusedKernel(
          [.winogradTransforms, .convolutionWinogradGradients], "gradients_winograd", defines),
        arguments, global: [plan.blocks, plan.slices], local: [1, 1])
      if let completion = data?.completion, let partials = partial?.memory {
        try mergeGradients(partials, tiles: plan.slices, completion)
      }
    }
    return slices
  }

  public func sumSlices(_ slices: Tensor, into out: Tensor, accumulate: Bool) {
    precondition(
      slices.shape.sizes.dropFirst() == out.shape.sizes[...],
      "sumSlices: \(slices.shape) into \(out.shape)")
    attempt {
      try sumSlices(
        memory(slices), slices: slices.shape[0], into: out, accumulate: accumulate)
    }
  }

  // MARK: Launching

  func fusedKernel(
    _ sources: [KernelSource], _ name: String, _ defines: [String]
  ) throws -> Kernel {
    try programs.kernel(
      ProgramKey([.common, .convolutionFused] + sources, kernel: name, defines: defines))
  }
}
