import Kernels
import Tensors

/// How `filter_gradient_patch.cl` makes the filter gradient of a 3×3 convolution at stride 1.
/// Depends on shapes alone.
struct PatchFilterGradient: FilterGradientPlan {
  let slices: Int
  /// Bands of rows in all, and of a slice.
  let counts: (all: Int, slice: Int)
  let defines: [String]
  private let blocks: (x: Int, dy: Int)

  /// As the kernel has them: channels of a block, teams and work-items of a group.
  private static let block = 16, teams = 8, items = 256

  /// nil where it does not apply.
  init?(_ request: FilterGradientRequest) {
    let g = request.geometry
    guard
      g.r == 3, g.s == 3, g.stride == 1, g.padding == 1, g.n * g.h * g.w > 0,
      g.c % Self.block == 0 || (g.c < 4 && request.plain), g.k % Self.block == 0,
      let rows = Self.rows(g)
    else { return nil }
    blocks = ((g.c + Self.block - 1) / Self.block, g.k / Self.block)
    // Each slice costs a pass of the sum over slices.
    let bands = g.n * g.h / rows
    let blocks = blocks.x * blocks.dy
    let wanted = min(128, (ProductTile.wantedGroups + blocks - 1) / blocks)
    let each = (bands + wanted - 1) / wanted
    slices = (bands + each - 1) / each
    counts = (bands, each)
    defines = [
      "V=4", "ALIGNED", "H=\(g.h)", "W=\(g.w)", "IMAGES=1", "ROWS=\(rows)",
      "RUN=\(rows * g.w / Self.teams)", "EPILOGUE=0", "ACCUMULATE=0",
    ]
  }

  /// Rows of a band: the most that fit into local memory, and that the teams share by runs of a
  /// row.
  private static func rows(_ g: ConvolutionGeometry) -> Int? {
    [8, 4, 2, 1].first { rows in
      let pixels = (rows + 2) * (g.w + 2) + rows * g.w
      return g.h % rows == 0 && g.w % (teams / rows) == 0
        && 4 * block * pixels + 2 * 4 * block * 4 <= ProductTile.mostLocalBytes
    }
  }

  var sources: [KernelSource] { [.stagedInputs, .patchInputs, .filterGradientPatch] }
  var kernel: String { "filter_gradient_patch" }
  var global: [Int] { [Self.items * blocks.x, blocks.dy, slices] }
  var local: [Int] { [Self.items, 1, 1] }
}
