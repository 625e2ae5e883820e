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
    switch family {
    case .portable:
      // A network ends in a linear layer.
      matrixProducts.warmUp()
      let x = materialised(x)
      attempt {
        try queue.launch(
          portableKernel("convolution_forward"),
          [.buffer(memory(x)), .buffer(memory(w)), .buffer(memory(y)), .ints(g.asInts)],
          global: [y.count])
      }
      return .tensor(y)
    case .vector:
      let plan = VectorPlan(g, dataGradient: false, on: self)
      let tiles = statistics ? makeTensor([plan.items, 2, g.k]) : nil
      attempt {
        try launch(
          plan, FusedInput(x, prefix: "X_", on: self), filter: w, into: y, addend: nil,
          statistics: tiles, completion: nil)
      }
      guard let tiles else { return .tensor(y) }
      return .tiles(tiles, tileRows: plan.itemPixels, rows: y.count / max(g.k, 1))
    }
  }

  public func convolutionDataGradient(
    dy: OutputGradient, w: Tensor, stride: Int, padding: Int, into dx: Tensor, addend: Tensor?,
    completion: GradientCompletion?
  ) {
    let g = ConvolutionGeometry(
      .convolutionDataGradient, input: dx.shape, filter: w.shape, output: dy.tensor.shape,
      stride: stride, padding: padding)
    switch family {
    case .portable:
      let dy = materialised(dy)
      if let addend, addend.storage !== dx.storage { copy(addend, to: dx) }
      attempt {
        try queue.launch(
          portableKernel("convolution_data_gradient"),
          [
            .buffer(memory(dy)), .buffer(memory(w)), .buffer(memory(dx)), .ints(g.asInts),
            .int(addend == nil ? 0 : 1),
          ],
          global: [dx.count])
      }
      if let completion { completeGradient(dx, completion) }
    case .vector:
      attempt {
        let plan = VectorPlan(g, dataGradient: true, on: self)
        try launch(
          plan, FusedInput(dy, prefix: "X_", on: self), filter: w, into: dx, addend: addend,
          statistics: nil, completion: completion)
      }
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
      let (x, dy) = (materialised(x), materialised(dy))
      let images = max(1, (g.n + 15) / 16)
      let slices = makeTensor(Shape([max(1, (g.n + images - 1) / images)] + filter.sizes))
      attempt {
        try queue.launch(
          portableKernel("convolution_filter_gradient"),
          [
            .buffer(memory(x)), .buffer(memory(dy)), .buffer(memory(slices)), .ints(g.asInts),
            .int(images),
          ],
          global: [filter.count, slices.shape[0]])
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

  private func portableKernel(_ name: String) throws -> Kernel {
    try programs.kernel(ProgramKey(source: .convolutionPortable, kernel: name, defines: ["V=1"]))
  }

  private func fusedKernel(
    _ sources: [KernelSource], _ name: String, _ defines: [String]
  ) throws -> Kernel {
    try programs.kernel(
      ProgramKey([.common, .convolutionFused] + sources, kernel: name, defines: defines))
  }

  /// Forward and data gradient by whichever kernel the plan is for.
  func launch(
    _ plan: VectorPlan, _ input: FusedInput, filter w: Tensor, into y: Tensor, addend: Tensor?,
    statistics tiles: Tensor?, completion: GradientCompletion?
  ) throws {
    let channels = y.shape[3]
    var partial: OpenCLStorage?
    if completion != nil {
      partial = makeStorage(plan.items * 2 * channels)
      guard partial?.memory != nil else { return }
    }
    let output = FusedOutput(
      channels: channels, padded: plan.paddedK, addend: addend, statistics: tiles != nil,
      completion: completion, partials: tiles.map(memory) ?? partial?.memory, on: self)
    let packed = try plan.pack(w, on: self)
    try queue.launch(
      fusedKernel(plan.sources, plan.kernel, plan.defines + input.defines + output.defines),
      input.arguments
        + [
          .buffer(packed?.memory ?? memory(w)), .buffer(memory(y)), .int(plan.images.all),
          .int(plan.images.item),
        ]
        + output.arguments,
      global: [plan.items], local: [1])
    if let completion, let partials = partial?.memory {
      try mergeGradients(partials, tiles: plan.items, completion)
    }
  }
}

/// One convolution of the vector family, by one of its kernels.
enum VectorPlan {
  case direct(DirectConvolution)
  case winograd(WinogradConvolution)

  init(_ g: ConvolutionGeometry, dataGradient: Bool, on backend: OpenCLBackend) {
    let width = backend.vectorWidth
    if backend.convolutions == .automatic,
      let plan = WinogradConvolution(g, dataGradient: dataGradient, vectorWidth: width)
    {
      self = .winograd(plan)
    } else {
      self = .direct(
        dataGradient
          ? DirectConvolution(dataGradient: g, vectorWidth: width)
          : DirectConvolution(forward: g, vectorWidth: width))
    }
  }

  var sources: [KernelSource] {
    switch self {
    case .direct: [.convolutionVector]
    case .winograd: [.winogradTransforms, .convolutionWinograd]
    }
  }

  var kernel: String {
    switch self {
    case .direct(let plan): plan.kernel
    case .winograd: "convolution_winograd"
    }
  }

  var defines: [String] {
    switch self {
    case .direct(let plan): plan.defines
    case .winograd(let plan): plan.defines
    }
  }

  var items: Int {
    switch self {
    case .direct(let plan): plan.items
    case .winograd(let plan): plan.items
    }
  }

  /// Images in all, as the kernel counts them, and of a work-item.
  var images: (all: Int, item: Int) {
    switch self {
    case .direct(let plan): (plan.n, plan.itemImages)
    case .winograd(let plan): (plan.images, plan.itemImages)
    }
  }

  var itemPixels: Int {
    switch self {
    case .direct(let plan): plan.itemPixels
    case .winograd(let plan): plan.itemPixels
    }
  }

  var paddedK: Int {
    switch self {
    case .direct(let plan): plan.paddedK
    case .winograd(let plan): plan.k
    }
  }

  /// The filter as the kernel reads it, where that is not as it is stored.
  func pack(_ w: Tensor, on backend: OpenCLBackend) throws -> OpenCLStorage? {
    switch self {
    case .direct(let plan):
      guard plan.packing != .none else { return nil }
      let packed = backend.makeStorage(plan.r * plan.s * plan.c * plan.paddedK)
      guard let memory = packed.memory else { return nil }
      try backend.queue.launch(
        backend.programs.kernel(
          ProgramKey(
            [.common, .convolutionVector], kernel: "pack_filter",
            defines: [
              "V=\(backend.vectorWidth)", "PACK", "SWAP=\(plan.packing == .pad ? 0 : 1)",
              "TURN=\(plan.packing == .swapAndTurn ? 1 : 0)",
            ])),
        [.buffer(backend.memory(w)), .buffer(memory), .int(w.shape[2]), .int(w.shape[3])],
        global: [plan.paddedK, plan.c, plan.r * plan.s])
      return packed
    case .winograd(let plan):
      return try backend.transformedFilter(w, c: plan.c, k: plan.k, plan.orientation)?.storage
    }
  }
}

extension ConvolutionGeometry {
  /// The kernel's `Geometry`.
  fileprivate var asInts: [Int32] {
    [n, h, w, c, k, r, s, p, q, stride, padding].map(Int32.init)
  }
}
