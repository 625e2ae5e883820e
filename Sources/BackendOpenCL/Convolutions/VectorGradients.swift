import Kernels
import Tensors

/// Which gradients a plan of the vector family is asked for.
struct VectorGradientsRequest: Hashable {
  enum Wanted { case both, data, filter }
  let geometry: ConvolutionGeometry
  let wanted: Wanted
}

/// The gradients of a convolution of the vector family, by a kernel that makes both, or one of
/// them.
enum VectorGradients {
  case winograd(WinogradGradients)
  case pointwise(PointwiseGradients)

  init?(_ request: VectorGradientsRequest, on backend: OpenCLBackend) {
    switch request.wanted {
    case .both: self.init(request.geometry, on: backend)
    case .data: self.init(dataAlone: request.geometry, on: backend)
    case .filter: self.init(filterAlone: request.geometry, on: backend)
    }
  }

  /// nil where no kernel makes both, or two of them are faster.
  private init?(_ g: ConvolutionGeometry, on backend: OpenCLBackend) {
    if let plan = PointwiseGradients(g, vectorWidth: backend.vectorWidth) {
      self = .pointwise(plan)
    } else {
      self.init(filterAlone: g, on: backend)
    }
  }

  /// A kernel that can leave the filter gradient out; nil where a convolution kernel is faster.
  private init?(dataAlone g: ConvolutionGeometry, on backend: OpenCLBackend) {
    guard let plan = PointwiseGradients(g, vectorWidth: backend.vectorWidth) else { return nil }
    self = .pointwise(plan)
  }

  /// A kernel that can leave the data gradient out.
  private init?(filterAlone g: ConvolutionGeometry, on backend: OpenCLBackend) {
    guard backend.convolutions == .automatic,
      let plan = WinogradGradients(g, vectorWidth: backend.vectorWidth)
    else { return nil }
    self = .winograd(plan)
  }

  var slices: Int {
    switch self {
    case .winograd(let plan): plan.slices
    case .pointwise(let plan): plan.slices
    }
  }

  fileprivate var sources: [KernelSource] {
    switch self {
    case .winograd: [.winogradTransforms, .convolutionWinogradGradients]
    case .pointwise: [.convolutionPointwiseGradients]
    }
  }

  fileprivate var kernel: String {
    switch self {
    case .winograd: "gradients_winograd"
    case .pointwise: "gradients_pointwise"
    }
  }

  fileprivate var defines: [String] {
    switch self {
    case .winograd(let plan): plan.defines
    case .pointwise(let plan): plan.defines
    }
  }

  /// What the batch is counted in, in all and of a slice: images or pixels.
  fileprivate var counts: (all: Int, slice: Int) {
    switch self {
    case .winograd(let plan): (plan.images, plan.sliceImages)
    case .pointwise(let plan): (plan.pixels, plan.slicePixels)
    }
  }

  fileprivate var global: [Int] {
    switch self {
    case .winograd(let plan): [plan.blocks, plan.slices]
    case .pointwise(let plan): [plan.slices]
    }
  }

  /// x's channels that a work-item takes where it does not take all.
  fileprivate var block: Int? {
    switch self {
    case .winograd(let plan): plan.channels
    case .pointwise: nil
    }
  }

  /// The filter as the data gradient reads it.
  fileprivate func filter(
    _ w: Tensor, _ g: ConvolutionGeometry, on backend: OpenCLBackend
  ) throws -> OpenCLStorage? {
    switch self {
    case .winograd: try backend.transformedFilter(w, c: g.k, k: g.c, .swapped)?.storage
    case .pointwise:
      try DirectConvolution(dataGradient: g, vectorWidth: backend.vectorWidth)
        .pack(w, on: backend)
    }
  }
}

/// What a filter gradient takes beside dy: x, and where its slices go.
struct FilterGradient {
  let input: ConvolutionInput
  let slices: Tensor
}

/// What a data gradient takes beside dy.
struct DataGradient {
  let filter: Tensor
  let output: Tensor
  let addend: Tensor?
  let completion: GradientCompletion?
}

extension OpenCLBackend {
  /// nil where there is no kernel for it, or others are faster.
  func vectorGradients(
    _ wanted: VectorGradientsRequest.Wanted, _ g: ConvolutionGeometry
  ) -> VectorGradients? {
    guard family == .vector else { return nil }
    let request = VectorGradientsRequest(geometry: g, wanted: wanted)
    return memos(request) { VectorGradients(request, on: self) }
  }

  /// The slices of the filter gradient, the data gradient, or both in one launch.
  func launch(
    _ plan: VectorGradients, _ g: ConvolutionGeometry, dy: OutputGradient,
    filter: FilterGradient?, data: DataGradient?
  ) throws {
    let gradient = FusedInput(dy, prefix: .dy, on: self)
    var arguments = gradient.arguments
    var input: FusedInput?
    if let filter {
      input = FusedInput(filter.input, prefix: .x, on: self)
      arguments += input!.arguments + [.buffer(memory(filter.slices))]
    }
    arguments += [.int(plan.counts.all), .int(plan.counts.slice)]
    var (packed, partial): (OpenCLStorage?, OpenCLStorage?)
    var output: FusedOutput?
    if let data {
      packed = try plan.filter(data.filter, g, on: self)
      if data.completion != nil { partial = makeStorage(plan.slices * 2 * g.c) }
      guard let packed = packed?.memory, data.completion == nil || partial?.memory != nil else {
        return
      }
      output = FusedOutput(
        channels: g.c, padded: (g.c + vectorWidth - 1) / vectorWidth * vectorWidth,
        block: plan.block.map { FusedOutput.Form.Block(first: "c0", count: $0) },
        addend: data.addend, statistics: false, completion: data.completion,
        partials: partial?.memory, on: self)
      arguments += [.buffer(packed), .buffer(memory(data.output))] + output!.arguments
    }
    let key = FusedKernelKey.gradients(
      g, dy: gradient.form, x: input?.form, data: output?.form)
    let kernel = try fusedKernel(key) {
      (
        plan.sources, plan.kernel,
        plan.defines + gradient.form.defines
          + (input.map { ["FILTER=1"] + $0.form.defines } ?? ["FILTER=0"])
          + (output.map { ["DATA=1"] + $0.form.defines }
            ?? ["DATA=0", "EPILOGUE=0", "ACCUMULATE=0"])
      )
    }
    try queue.launch(
      kernel, arguments, global: plan.global, local: plan.global.map { _ in 1 })
    if let completion = data?.completion, let partials = partial?.memory {
      try mergeGradients(partials, tiles: plan.slices, completion)
    }
  }
}
