import Kernels
import Tensors

/// How the Winograd kernel for many channels runs one convolution, forward or data gradient (whose
/// filter is turned and whose channels are swapped). Depends on shapes and the vector width alone.
struct WideWinogradConvolution {
  let images: Int, c: Int, k: Int
  let orientation: FilterOrientation
  /// Work-items along the images.
  let items: Int
  /// Output channels of a work-item.
  let blockChannels: Int
  /// Output pixels of the images of a work-item, the last perhaps excepted.
  let itemPixels: Int
  let defines: [String]

  /// Private arrays may fill half of a thread's stack of 8 MiB.
  private static let mostBytes = 4 << 20
  /// Fewer channels leave too few products for what the transforms cost.
  private static let fewestChannels = 64

  /// Whether it pays: what is computed behind the image is lost.
  static func serves(_ g: ConvolutionGeometry, vectorWidth: Int) -> Bool {
    let tiled = ((g.h + 3) / 4) * ((g.w + 3) / 4) * 16
    return Winograd.isOfItsKind(g, vectorWidth: vectorWidth) && min(g.c, g.k) >= fewestChannels
      && 2 * tiled <= 3 * g.h * g.w
  }

  init?(_ g: ConvolutionGeometry, dataGradient: Bool, vectorWidth: Int) {
    guard Self.serves(g, vectorWidth: vectorWidth) else { return nil }
    let (c, k) = dataGradient ? (g.k, g.c) : (g.c, g.k)
    let readChannels = [64, 32, 16, 8, 4, 2, 1].first { c % $0 == 0 && $0 % vectorWidth == 0 }!
    let possible = [128, 64, 32, 16, 8, 4].filter { k % $0 == 0 && $0 % vectorWidth == 0 }
    guard
      let pass = TilePass(
        wide: g,
        fits: { rows, tiles in
          4
            * (Winograd.rows(rows, g.w, readChannels) + Winograd.planes(tiles, c)
              + Winograd.planes(tiles, possible[0])) <= Self.mostBytes
        })
    else { return nil }
    (self.c, self.k, orientation) = (c, k, dataGradient ? .turned : .forward)
    images = g.n
    items = (g.n + pass.images - 1) / pass.images
    itemPixels = pass.images * g.h * g.w
    // Some eight work-items or more, each with 32 channels or more.
    let items = items
    blockChannels = possible.first { k / $0 * items >= 8 || $0 <= 32 }!
    let vectors = blockChannels % (2 * vectorWidth) == 0 ? 2 : 1
    let pixels = (1...16 / vectors).reversed().first { pass.tiles % $0 == 0 }!
    defines = [
      "V=\(vectorWidth)", "H=\(g.h)", "W=\(g.w)", "C=\(c)", "K=\(k)", "CT=\(readChannels)",
      "TILE_ROWS=\(pass.rows)", "PASS_IMAGES=\(pass.images)", "PIXELS=\(pixels)",
      "VB=\(vectors)",
    ]
  }
}

extension WideWinogradConvolution: ConvolutionPlan {
  var sources: [KernelSource] { [.winogradTransforms, .convolutionWinogradWide] }
  var kernel: String { "convolution_winograd_wide" }
  var partials: Int { items }
  var partialPixels: Int { itemPixels }
  var imagesArgument: Int? { images }
  var paddedK: Int { k }
  var block: FusedOutput.Form.Block? { .init(first: "k0", count: blockChannels) }

  func range(plain: Bool) -> (global: [Int], local: [Int]) {
    ([k / blockChannels, items], [1, 1])
  }

  func pack(_ w: Tensor, on backend: OpenCLBackend) throws -> OpenCLStorage? {
    try backend.transformedFilter(w, c: c, k: k, orientation)?.storage
  }
}
