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
    let request = ConvolutionRequest(geometry: g, dataGradient: false, plain: !statistics)
    let plan = plan(request)
    let tiles = statistics ? makeTensor([plan.partials, 2, g.k]) : nil
    attempt {
      try launch(
        request, plan, FusedInput(x, prefix: .x, on: self), filter: w, into: y, addend: nil,
        statistics: tiles, completion: nil)
    }
    guard let tiles else { return .tensor(y) }
    return .tiles(tiles, tileRows: plan.partialPixels, rows: y.count / max(g.k, 1))
  }

  public func convolution(
    x: ConvolutionInput, w: Tensor, stride: Int, padding: Int,
    following: FollowingNormalization, into y: Tensor
  ) {
    guard family == .vector else {
      // A tile's kernel has no room for what the norm reads.
      let plain = makeTensor(y.shape)
      _ = convolution(x: x, w: w, stride: stride, padding: padding, into: plain, statistics: false)
      batchNorm(x: plain, following.normalization, residual: following.residual, into: y)
      return
    }
    let g = ConvolutionGeometry(
      .convolutionForward, input: x.tensor.shape, filter: w.shape, output: y.shape,
      stride: stride, padding: padding)
    let request = ConvolutionRequest(geometry: g, dataGradient: false, plain: true)
    attempt {
      try launch(
        request, plan(request), FusedInput(x, prefix: .x, on: self), filter: w, into: y,
        addend: nil, statistics: nil, completion: nil, following: following)
    }
  }

  public func convolutionDataGradient(
    dy: OutputGradient, w: Tensor, stride: Int, padding: Int, into dx: Tensor, addend: Tensor?,
    completion: GradientCompletion?
  ) {
    let g = ConvolutionGeometry(
      .convolutionDataGradient, input: dx.shape, filter: w.shape, output: dy.tensor.shape,
      stride: stride, padding: padding)
    attempt {
      if let plan = vectorGradients(.data, g) {
        try launch(
          plan, g, dy: dy, filter: nil,
          data: DataGradient(filter: w, output: dx, addend: addend, completion: completion))
        return
      }
      let request = ConvolutionRequest(geometry: g, dataGradient: true, plain: false)
      try launch(
        request, plan(request), FusedInput(dy, prefix: .x, on: self), filter: w, into: dx,
        addend: addend, statistics: nil, completion: completion)
    }
  }

  public func convolutionFilterGradient(
    x: ConvolutionInput, dy: OutputGradient, filter: Shape, stride: Int, padding: Int
  ) -> Tensor {
    let g = ConvolutionGeometry(
      .convolutionFilterGradient, input: x.tensor.shape, filter: filter,
      output: dy.tensor.shape, stride: stride, padding: padding)
    func slices(_ count: Int) -> FilterGradient {
      FilterGradient(input: x, slices: makeTensor(Shape([count] + filter.sizes)))
    }
    if let plan = vectorGradients(.filter, g) {
      let gradient = slices(plan.slices)
      attempt { try launch(plan, g, dy: dy, filter: gradient, data: nil) }
      return gradient.slices
    }
    let request = FilterGradientRequest(geometry: g, plain: x.normalization == nil)
    let plan = memos(request) { filterGradientPlan(request) }
    let gradient = slices(plan.slices)
    attempt { try launch(plan, g, dy: dy, gradient) }
    return gradient.slices
  }

  private func filterGradientPlan(_ request: FilterGradientRequest) -> any FilterGradientPlan {
    let g = request.geometry
    guard family == .vector else {
      if let patch = TensorPatchFilterGradient(g, tensorCores) { return patch }
      let tiled = TiledFilterGradient(g, tensorCores)
      if tiled.tile.tensorCores == nil, let patch = PatchFilterGradient(request) { return patch }
      return tiled
    }
    if convolutions == .automatic,
      let plan = WideWinogradFilterGradient(g, vectorWidth: vectorWidth)
    {
      return plan
    }
    return DirectFilterGradient(g, vectorWidth: vectorWidth)
  }

  public func convolutionGradients(
    x: ConvolutionInput, dy: OutputGradient, w: Tensor, stride: Int, padding: Int,
    into dx: Tensor, addend: Tensor?, completion: GradientCompletion?
  ) -> Tensor {
    let g = ConvolutionGeometry(
      .convolutionGradients, input: dx.shape, filter: w.shape, output: dy.tensor.shape,
      stride: stride, padding: padding)
    if let plan = vectorGradients(.both, g) {
      let slices = makeTensor(Shape([plan.slices] + w.shape.sizes))
      attempt {
        try launch(
          plan, g, dy: dy, filter: FilterGradient(input: x, slices: slices),
          data: DataGradient(filter: w, output: dx, addend: addend, completion: completion))
      }
      return slices
    }
    return convolutionGradientsInTurn(
      x: x, dy: dy, w: w, stride: stride, padding: padding, into: dx, addend: addend,
      completion: completion)
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

  /// What programs with products on tensor cores are built with besides: three work-groups on a
  /// multiprocessor, where NVIDIA's compiler by itself may take registers for two.
  private func tensorCoreOptions(_ sources: [KernelSource]) -> [String] {
    // Its sums alone take 144 registers: two groups, whatever the rest.
    if sources.contains(.filterGradientPatchTensor) { return [] }
    // What is recorded on another device is to be built by NVIDIA's compiler as well.
    guard tensorCores == .native,
      device.tensorCoreObjection != nil
        || device.extensions.contains(OpenCLDevice.nvidiaOptions)
    else { return [] }
    return ["-cl-nv-maxrregcount=168"]
  }

  /// - Parameter make: sources, name and -D, where there was no such kernel yet.
  func fusedKernel(
    _ key: FusedKernelKey,
    _ make: () -> (sources: [KernelSource], name: String, defines: [String])
  ) throws -> Kernel {
    try memos(key) {
      let (sources, name, defines) = make()
      return try programs.kernel(
        ProgramKey(
          [.common, .convolutionFused] + sources, kernel: name, defines: defines,
          options: sources.contains(.tensorCoreProducts) ? tensorCoreOptions(sources) : []))
    }
  }
}
