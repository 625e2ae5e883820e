import Kernels
import Tensors

/// How the Winograd kernel for many channels makes a filter gradient: images in slices (partial sums,
/// added in order), channels of both sides in blocks. Depends on shapes and the vector width alone.
struct WideWinogradFilterGradient: FilterGradientPlan {
  let slices: Int
  let counts: (all: Int, slice: Int)
  /// Work-items a slice.
  let blocks: Int
  let defines: [String]

  /// Sums, planes and rows stay near the second cache.
  private static let mostBytes = 2 << 20

  init?(_ g: ConvolutionGeometry, vectorWidth: Int) {
    guard WideWinogradConvolution.serves(g, vectorWidth: vectorWidth) else { return nil }
    func block(_ channels: Int) -> Int {
      [64, 48, 32, 16, 8, 4].first { channels % $0 == 0 && $0 % vectorWidth == 0 }!
    }
    let (channels, outputs) = (block(g.c), block(g.k))
    guard
      let pass = TilePass(
        wide: g,
        fits: { rows, tiles in
          4
            * (Winograd.rows(rows, g.w, channels) + Winograd.planes(tiles, channels)
              + Winograd.planes(tiles, outputs) + 36 * channels * outputs) <= Self.mostBytes
        })
    else { return nil }
    blocks = g.c / channels * (g.k / outputs)
    // Some 32 work-items in all.
    let passes = (g.n + pass.images - 1) / pass.images
    let wanted = max(1, 32 / blocks)
    let sliceImages = (passes + wanted - 1) / wanted * pass.images
    counts = (g.n, sliceImages)
    slices = (g.n + sliceImages - 1) / sliceImages
    let outputVectors = [4, 2, 1].first { outputs % ($0 * vectorWidth) == 0 }!
    let sums = (1...16 / outputVectors).reversed().first { channels % $0 == 0 }!
    defines = [
      "V=\(vectorWidth)", "H=\(g.h)", "W=\(g.w)", "C=\(g.c)", "K=\(g.k)", "CT=\(channels)",
      "TILE_ROWS=\(pass.rows)", "PASS_IMAGES=\(pass.images)", "CB=\(channels)", "KB=\(outputs)",
      "RB=\(sums)", "FB=\(outputVectors)", "EPILOGUE=0", "ACCUMULATE=0",
    ]
  }

  var sources: [KernelSource] { [.winogradTransforms, .filterGradientWinogradWide] }
  var kernel: String { "filter_gradient_winograd_wide" }
  var global: [Int] { [blocks, slices] }
  var local: [Int] { [1, 1] }
}
