import Kernels
import Tensors

/// How `filter_gradient_patch_tensor.cl` makes the filter gradient of a 3×3 convolution at stride 1
/// on tensor cores. Depends on shapes alone.
struct TensorPatchFilterGradient: FilterGradientPlan {
  let slices: Int
  /// Bands of rows in all, and of a slice.
  let counts: (all: Int, slice: Int)
  let defines: [String]
  private let blocks: (x: Int, dy: Int)

  /// Of a group: channels of x and of dy, pixels of a band, and work-items.
  private static let channels = (x: 32, dy: 64), pixels = 64, items = 128
  /// Groups that a large device holds at once, two to each of 132 multiprocessors.
  private static let wave = 264

  /// nil where it does not apply.
  init?(_ g: ConvolutionGeometry, _ tensorCores: TensorCores?) {
    guard
      let tensorCores, g.r == 3, g.s == 3, g.stride == 1, g.padding == 1, g.n * g.h * g.w > 0,
      g.w % 8 == 0, g.w <= 32, Self.pixels % g.w == 0, g.h % (Self.pixels / g.w) == 0,
      g.c % Self.channels.x == 0, g.k % 32 == 0
    else { return nil }
    let rows = Self.pixels / g.w
    blocks = (g.c / Self.channels.x, (g.k + Self.channels.dy - 1) / Self.channels.dy)
    let bands = g.n * g.h / rows
    let each = Self.bandsOfASlice(bands, blocks: blocks.x * blocks.dy)
    slices = (bands + each - 1) / each
    counts = (bands, each)
    defines = [
      "V=4", "ALIGNED", "H=\(g.h)", "W=\(g.w)", "IMAGES=1", "ROWS=\(rows)", "BM=\(Self.channels.x)",
      "BN=\(Self.channels.dy)", "BK=16", "TM=1", "TN=16", "EPILOGUE=0", "ACCUMULATE=0",
      tensorCores.define,
    ]
  }

  /// So that the last wave of groups is nearly full; each slice costs a pass of the sum over slices,
  /// so the fewest of those that are about as good.
  private static func bandsOfASlice(_ bands: Int, blocks: Int) -> Int {
    func busy(_ slices: Int) -> Double {
      let groups = Double(blocks * slices)
      return groups / ((groups / Double(wave)).rounded(.up) * Double(wave))
    }
    let possible = 1...min(128, bands)
    let best = possible.map(busy).max()!
    let slices = possible.first { busy($0) >= 0.9 * best }!
    return (bands + slices - 1) / slices
  }

  var sources: [KernelSource] {
    [
      .stagedInputs, .patchInputs, .convolutionTiles, .tensorCoreProducts,
      .filterGradientPatchTensor,
    ]
  }
  var kernel: String { "filter_gradient_patch_tensor" }
  var global: [Int] { [Self.items * blocks.x, blocks.dy, slices] }
  var local: [Int] { [Self.items, 1, 1] }
}
