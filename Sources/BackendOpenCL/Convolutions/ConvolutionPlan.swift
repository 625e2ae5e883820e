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

/// How one convolution, forward or data gradient, is run by one of the kernels there are for it.
protocol ConvolutionPlan {
  /// Besides those of every fused kernel.
  var sources: [KernelSource] { get }
  var kernel: String { get }
  var defines: [String] { get }
  /// What statistics and completion leave two vectors of channels for: work-items, or the
  /// work-groups along the pixels.
  var partials: Int { get }
  /// Output pixels of each, the last perhaps excepted, where statistics are made (forward).
  var partialPixels: Int { get }
  /// The kernel's argument after y: images in all, where its work-items could take more.
  var imagesArgument: Int? { get }
  /// Output channels as the filter is packed.
  var paddedK: Int { get }
  /// Output channels of a work-item, where it does not store all.
  var block: FusedOutput.Form.Block? { get }
  /// The work-items in all and of a group.
  /// - Parameter plain: nothing but the output is stored.
  func range(plain: Bool) -> (global: [Int], local: [Int])
  /// The filter as the kernel reads it, where that is not as it is stored.
  func pack(_ w: Tensor, on backend: OpenCLBackend) throws -> OpenCLStorage?
}

extension ConvolutionPlan {
  var block: FusedOutput.Form.Block? { nil }
  func pack(_ w: Tensor, on backend: OpenCLBackend) throws -> OpenCLStorage? { nil }
}

extension OpenCLBackend {
  /// Forward and data gradient by whichever kernel there is a plan for.
  func launch(
    _ request: ConvolutionRequest, _ plan: any ConvolutionPlan, _ input: FusedInput,
    filter w: Tensor,
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
    if let images = plan.imagesArgument { arguments.append(.int(images)) }
    arguments += output.arguments
    try queue.launch(kernel, arguments, global: range.global, local: range.local)
    if let completion, let partials = partial?.memory {
      try mergeGradients(partials, tiles: plan.partials, completion)
    }
  }

  /// Worked out once for each request.
  func plan(_ request: ConvolutionRequest) -> any ConvolutionPlan {
    memos(request) { family == .portable ? portablePlan(request) : vectorPlan(request) }
  }

  private func portablePlan(_ request: ConvolutionRequest) -> any ConvolutionPlan {
    let (g, dataGradient) = (request.geometry, request.dataGradient)
    if let plan = TensorPatchConvolution(g, dataGradient: dataGradient, tensorCores) {
      return plan
    }
    let tiled = TiledConvolution(g, dataGradient: dataGradient, tensorCores)
    if tiled.tile.tensorCores == nil,
      let plan = PatchConvolution(g, dataGradient: dataGradient)
    {
      return plan
    }
    return tiled
  }

  private func vectorPlan(_ request: ConvolutionRequest) -> any ConvolutionPlan {
    let (g, dataGradient) = (request.geometry, request.dataGradient)
    if convolutions == .automatic {
      if let plan = WinogradConvolution(g, dataGradient: dataGradient, vectorWidth: vectorWidth) {
        return plan
      }
      if let plan = WideWinogradConvolution(
        g, dataGradient: dataGradient, vectorWidth: vectorWidth)
      {
        return plan
      }
    }
    let plan =
      dataGradient
      ? DirectConvolution(dataGradient: g, vectorWidth: vectorWidth)
      : DirectConvolution(forward: g, vectorWidth: vectorWidth)
    return request.plain ? plan.inParts() : plan
  }
}
