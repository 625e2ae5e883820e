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
      if family == .vector, let plan = VectorGradients(dataAlone: g, on: self) {
        try launch(
          plan, g, dy: dy, filter: nil,
          data: DataGradient(filter: w, output: dx, addend: addend, completion: completion))
        return
      }
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
      if let plan = VectorGradients(filterAlone: g, on: self) {
        let slices = makeTensor(Shape([plan.slices] + filter.sizes))
        attempt {
          try launch(
            plan, g, dy: dy, filter: FilterGradient(input: x, slices: slices), data: nil)
        }
        return slices
      }
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
    if family == .vector, let plan = VectorGradients(g, on: self) {
      let slices = makeTensor(Shape([plan.slices] + w.shape.sizes))
      attempt {
        try launch(
          plan, g, dy: dy, filter: FilterGradient(input: x, slices: slices),
          data: DataGradient(filter: w, output: dx, addend: addend, completion: completion))
      }
      return slices
    }
    let slices = convolutionFilterGradient(
      x: x, dy: dy, filter: w.shape, stride: stride, padding: padding)
    convolutionDataGradient(
      dy: dy, w: w, stride: stride, padding: padding, into: dx, addend: addend,
      completion: completion)
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
