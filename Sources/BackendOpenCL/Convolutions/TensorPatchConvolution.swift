import Kernels
import Tensors

/// How `convolution_patch_tensor.cl` runs a 3×3 convolution at stride 1 on tensor cores, forward or
/// data gradient. Depends on shapes alone.
struct TensorPatchConvolution {
  let images: Int, c: Int, k: Int
  let dataGradient: Bool
  /// Work-groups along the pixels, and along the channels.
  let rowBlocks: Int, channelBlocks: Int
  let defines: [String]

  /// Output pixels and work-items of a group, and input channels at a time.
  static let pixels = 128, items = 128, terms = 8
  /// What an NVIDIA GPU gives a group without being asked.
  private static let mostLocalBytes = 48 << 10
  /// Fewer groups would leave multiprocessors without one: smaller tiles are for those.
  private static let fewestGroups = 132

  /// nil where it does not apply.
  init?(_ g: ConvolutionGeometry, dataGradient: Bool, _ tensorCores: TensorCores?) {
    let (c, k) = dataGradient ? (g.k, g.c) : (g.c, g.k)
    guard
      let tensorCores, g.r == 3, g.s == 3, g.stride == 1, g.padding == 1, g.n * g.h > 0, g.w > 0,
      g.w % 8 == 0, Self.pixels % g.w == 0, c % Self.terms == 0, c >= 32,
      let columns = [80, 64, 32].first(where: { k % $0 == 0 })
    else { return nil }
    let wanted = Self.pixels / g.w
    let (rows, images) = wanted <= g.h ? (wanted, 1) : (g.h, wanted / g.h)
    guard g.h % rows == 0, rows * images == wanted else { return nil }
    // Warps of 64 × 32 or 64 × 40 sums, two across; of 32 × 32, one.
    let itemColumns = columns == 80 ? 20 : 16
    let itemRows = columns == 32 ? 2 : 4
    let loaded =
      images * (rows + 2) * (g.w + 2) * (Self.terms + 4) + 9 * Self.terms * (columns + 8)
    rowBlocks = (g.n * g.h * g.w + Self.pixels - 1) / Self.pixels
    channelBlocks = k / columns
    // Tests, which emulate, are small.
    let isEnough =
      tensorCores == .emulated || rowBlocks * channelBlocks >= Self.fewestGroups
    guard 4 * loaded <= Self.mostLocalBytes, isEnough else { return nil }
    (self.images, self.c, self.k, self.dataGradient) = (g.n, c, k, dataGradient)
    defines = [
      "V=4", "ALIGNED", "H=\(g.h)", "W=\(g.w)",
      "IMAGES=\(images)", "ROWS=\(rows)", "BN=\(columns)", "BK=\(Self.terms)", "TM=\(itemRows)",
      "TN=\(itemColumns)", tensorCores.define,
    ]
  }
}

extension TensorPatchConvolution: ConvolutionPlan {
  var sources: [KernelSource] {
    [
      .stagedInputs, .patchInputs, .tileOutputs, .convolutionTiles, .tensorCoreProducts,
      .convolutionPatchTensor,
    ]
  }
  var kernel: String { "convolution_patch_tensor" }
  var partials: Int { rowBlocks }
  var partialPixels: Int { Self.pixels }
  var imagesArgument: Int? { images }
  var paddedK: Int { k }

  func range(plain: Bool) -> (global: [Int], local: [Int]) {
    ([Self.items * rowBlocks, channelBlocks], [Self.items, 1])
  }

  func pack(_ w: Tensor, on backend: OpenCLBackend) throws -> OpenCLStorage? {
    guard dataGradient else { return nil }
    // Whole groups: 16 divides `to`, 8 divides `from`.
    return try backend.packedFilter(
      w, .swapAndTurn, from: c, to: k, taps: 9, local: [16, 8, 1])
  }
}
