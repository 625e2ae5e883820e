import COpenCL
import Kernels
import Tensors

/// What a plan of a convolution depends on.
struct ConvolutionRequest: Hashable {
  let geometry: ConvolutionGeometry
  let dataGradient: Bool
  /// Nothing but the output is stored, so several work-items may share an image.
  let plain: Bool
}

/// One convolution, forward or data gradient, by one of the kernels there are for it.
enum ConvolutionPlan {
  case direct(DirectConvolution)
  case winograd(WinogradConvolution)
  case wideWinograd(WideWinogradConvolution)
  case tiled(TiledConvolution)
  case patch(PatchConvolution)
  case tensorPatch(TensorPatchConvolution)

  init(_ request: ConvolutionRequest, on backend: OpenCLBackend) {
    let (g, dataGradient) = (request.geometry, request.dataGradient)
    let width = backend.vectorWidth
    if backend.family == .portable {
      let tiled = TiledConvolution(g, dataGradient: dataGradient, backend.tensorCores)
      if let plan = TensorPatchConvolution(
        g, dataGradient: dataGradient, backend.tensorCores)
      {
        self = .tensorPatch(plan)
      } else if tiled.tile.tensorCores == nil,
        let plan = PatchConvolution(g, dataGradient: dataGradient)
      {
        self = .patch(plan)
      } else {
        self = .tiled(tiled)
      }
    } else if backend.convolutions == .automatic,
      let plan = WinogradConvolution(g, dataGradient: dataGradient, vectorWidth: width)
    {
      self = .winograd(plan)
    } else if backend.convolutions == .automatic,
      let plan = WideWinogradConvolution(g, dataGradient: dataGradient, vectorWidth: width)
    {
      self = .wideWinograd(plan)
    } else {
      let plan =
        dataGradient
        ? DirectConvolution(dataGradient: g, vectorWidth: width)
        : DirectConvolution(forward: g, vectorWidth: width)
      self = .direct(request.plain ? plan.inParts() : plan)
    }
  }

  var sources: [KernelSource] {
    switch self {
    case .direct: [.convolutionVector]
    case .winograd: [.winogradTransforms, .convolutionWinograd]
    case .wideWinograd: [.winogradTransforms, .convolutionWinogradWide]
    case .tiled(let plan): plan.tile.sources + [.tileOutputs, .convolutionTiled]
    case .patch: [.stagedInputs, .patchInputs, .tileOutputs, .convolutionPatch]
    case .tensorPatch:
      [
        .stagedInputs, .patchInputs, .tileOutputs, .convolutionTiles, .tensorCoreProducts,
        .convolutionPatchTensor,
      ]
    }
  }

  var kernel: String {
    switch self {
    case .direct(let plan): plan.kernel
    case .winograd: "convolution_winograd"
    case .wideWinograd: "convolution_winograd_wide"
    case .tiled: "convolution_tiled"
    case .patch: "convolution_patch"
    case .tensorPatch: "convolution_patch_tensor"
    }
  }

  var defines: [String] {
    switch self {
    case .direct(let plan): plan.defines
    case .winograd(let plan): plan.defines
    case .wideWinograd(let plan): plan.defines
    case .tiled(let plan): plan.defines
    case .patch(let plan): plan.defines
    case .tensorPatch(let plan): plan.defines
    }
  }

  /// What statistics and completion leave two vectors of channels for: work-items, or the
  /// work-groups along the pixels.
  var partials: Int {
    switch self {
    case .direct(let plan): plan.items
    case .winograd(let plan): plan.items
    case .wideWinograd(let plan): plan.items
    case .tiled(let plan): plan.partials
    case .patch(let plan): plan.rowBlocks
    case .tensorPatch(let plan): plan.rowBlocks
    }
  }

  /// Output pixels of each, the last perhaps excepted, where statistics are made (forward).
  var partialPixels: Int {
    switch self {
    case .direct(let plan): plan.itemPixels
    case .winograd(let plan): plan.itemPixels
    case .wideWinograd(let plan): plan.itemPixels
    case .tiled(let plan): plan.tile.rows
    case .patch(let plan): plan.pixels
    case .tensorPatch: TensorPatchConvolution.pixels
    }
  }

  /// The kernel's argument after y: images in all, where its work-items could take more.
  var images: Int? {
    switch self {
    case .direct: nil
    case .winograd(let plan): plan.images
    case .wideWinograd(let plan): plan.images
    case .tiled(let plan): plan.images
    case .patch(let plan): plan.images
    case .tensorPatch(let plan): plan.images
    }
  }

  /// Output channels as the filter is packed.
  var paddedK: Int {
    switch self {
    case .direct(let plan): plan.paddedK
    case .winograd(let plan): plan.k
    case .wideWinograd(let plan): plan.k
    case .tiled(let plan): plan.k
    case .patch(let plan): plan.k
    case .tensorPatch(let plan): plan.k
    }
  }

  /// Output channels of a work-item, where it does not store all.
  var block: FusedOutput.Form.Block? {
    guard case .wideWinograd(let plan) = self else { return nil }
    return FusedOutput.Form.Block(first: "k0", count: plan.block)
  }

  /// The work-items in all and of a group.
  /// - Parameter plain: nothing but the output is stored.
  func range(plain: Bool) -> (global: [Int], local: [Int]) {
    switch self {
    case .direct(let plan): ([plan.items], [1])
    case .winograd(let plan):
      ([plan.items, plain && plan.items < 8 ? plan.passes : 1], [1, 1])
    case .wideWinograd(let plan): ([plan.k / plan.block, plan.items], [1, 1])
    case .tiled(let plan): (plan.global, plan.local)
    case .patch(let plan): (plan.global, plan.local)
    case .tensorPatch(let plan): (plan.global, plan.local)
    }
  }

  /// The filter as the kernel reads it, where that is not as it is stored.
  func pack(_ w: Tensor, on backend: OpenCLBackend) throws -> OpenCLStorage? {
    switch self {
    case .direct(let plan):
      guard plan.packing != .none else { return nil }
      return try backend.packedFilter(
        w, plan.packing, from: plan.c, to: plan.paddedK, taps: plan.r * plan.s)
    case .tensorPatch(let plan):
      guard plan.dataGradient else { return nil }
      // Whole groups: 16 divides `to`, 8 divides `from`.
      return try backend.packedFilter(
        w, .swapAndTurn, from: plan.c, to: plan.k, taps: 9, local: [16, 8, 1])
    case .winograd(let plan):
      return try backend.transformedFilter(w, c: plan.c, k: plan.k, plan.orientation)?.storage
    case .wideWinograd(let plan):
      return try backend.transformedFilter(w, c: plan.c, k: plan.k, plan.orientation)?.storage
    case .tiled, .patch:
      return nil
    }
  }
}

extension OpenCLBackend {
  /// Forward and data gradient by whichever kernel there is a plan for.
  func launch(
    _ request: ConvolutionRequest, _ plan: ConvolutionPlan, _ input: FusedInput, filter w: Tensor,
    into y: Tensor, addend: Tensor?, statistics tiles: Tensor?, completion: GradientCompletion?,
    following: FollowingNormalization? = nil
  ) throws {
    let channels = y.shape[3]
    var partial: OpenCLStorage?
    if completion != nil {
      partial = makeStorage(plan.partials * 2 * channels)
      guard partial?.memory != nil else { return }
    }
    let output = FusedOutput(
      channels: channels, padded: plan.paddedK, block: plan.block, addend: addend,
      statistics: tiles != nil,
      completion: completion, following: following, partials: tiles.map(memory) ?? partial?.memory,
      on: self)
    let packed = try plan.pack(w, on: self)
    let range = plan.range(plain: completion == nil && tiles == nil)
    let kernel = try fusedKernel(.convolution(request, input.form, output.form)) {
      (plan.sources, plan.kernel, plan.defines + input.form.defines + output.form.defines)
    }
    var arguments = input.arguments
    arguments.append(.buffer(packed?.memory ?? memory(w)))
    arguments.append(.buffer(memory(y)))
    if let images = plan.images { arguments.append(.int(images)) }
    arguments += output.arguments
    try queue.launch(kernel, arguments, global: range.global, local: range.local)
    if let completion, let partials = partial?.memory {
      try mergeGradients(partials, tiles: plan.partials, completion)
    }
  }

  fileprivate func packedFilter(
    _ w: Tensor, _ packing: DirectConvolution.Packing, from: Int, to: Int, taps: Int,
    local: [Int]? = nil
  ) throws -> OpenCLStorage? {
    let packed = makeStorage(taps * from * to)
    guard let memory = packed.memory else { return nil }
    let kernel = try memos(packing) {
      try programs.kernel(
        ProgramKey(
          [.common, .convolutionVector], kernel: "pack_filter",
          defines: [
            "V=\(vectorWidth)", "PACK", "SWAP=\(packing == .pad ? 0 : 1)",
            "TURN=\(packing == .swapAndTurn ? 1 : 0)",
          ]))
    }
    try queue.launch(
      kernel, [.buffer(self.memory(w)), .buffer(memory), .int(w.shape[2]), .int(w.shape[3])],
      global: [to, from, taps], local: local)
    return packed
  }

  func plan(_ request: ConvolutionRequest) -> ConvolutionPlan {
    memos(request) { ConvolutionPlan(request, on: self) }
  }
}
