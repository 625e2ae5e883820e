import Kernels
import Tensors

/// What a plan of a filter gradient depends on.
struct FilterGradientRequest: Hashable {
  let geometry: ConvolutionGeometry
  /// Whether x is read as it stands.
  let plain: Bool
}

/// How a kernel that makes a filter gradient and nothing else is launched.
protocol FilterGradientPlan {
  /// Partial sums of the batch, `[slices, R, S, C, K]`, added in order by whoever reads them.
  var slices: Int { get }
  /// Besides those of every fused kernel.
  var sources: [KernelSource] { get }
  var kernel: String { get }
  var defines: [String] { get }
  /// What the kernel counts the batch by, in all and of a slice.
  var counts: (all: Int, slice: Int) { get }
  var global: [Int] { get }
  var local: [Int] { get }
}

extension OpenCLBackend {
  func launch(
    _ plan: any FilterGradientPlan, _ g: ConvolutionGeometry, dy: OutputGradient,
    _ filter: FilterGradient
  ) throws {
    let x = FusedInput(filter.input, prefix: .x, on: self)
    let gradient = FusedInput(dy, prefix: .dy, on: self)
    let kernel = try fusedKernel(.filterGradient(g, x: x.form, dy: gradient.form)) {
      (plan.sources, plan.kernel, plan.defines + x.form.defines + gradient.form.defines)
    }
    try queue.launch(
      kernel,
      x.arguments + gradient.arguments
        + [.buffer(memory(filter.slices)), .int(plan.counts.all), .int(plan.counts.slice)],
      global: plan.global, local: plan.local)
  }
}
