import Kernels
import Tensors

/// How the Winograd kernel runs one convolution, forward or data gradient (whose filter is turned
/// and whose channels are swapped). Depends on shapes and the vector width alone.
struct WinogradConvolution {
  let images: Int, c: Int, k: Int
  let orientation: FilterOrientation
  let items: Int
  /// Passes of an image, which may be as many work-items' where nothing but the output is stored.
  let passes: Int
  /// Output pixels of a work-item, the last perhaps excepted.
  let itemPixels: Int
  let defines: [String]

  init?(
    _ g: ConvolutionGeometry, dataGradient: Bool, vectorWidth: Int
  ) {
    guard Winograd.serves(g, vectorWidth: vectorWidth) else { return nil }
    let (c, k) = dataGradient ? (g.k, g.c) : (g.c, g.k)
    // Vectors of output channels that share what is read of a tile.
    let vectors = c >= 32 && k % (2 * vectorWidth) == 0 ? 2 : 1
    guard
      let pass = TilePass(
        g, limit: 16,
        fits: { rows, tiles in
          4
            * (Winograd.rows(rows, g.w, c) + Winograd.planes(tiles, c)
              + vectors * Winograd.planes(tiles, vectorWidth)) <= Winograd.privateBytes
        })
    else { return nil }
    // Large filters have to be read for many tiles at a time, or memory decides.
    guard pass.tiles >= 8 || c * k <= 64 * 64 else { return nil }
    (self.c, self.k, orientation) = (c, k, dataGradient ? .turned : .forward)
    images = g.n
    items = (g.n + pass.images - 1) / pass.images
    itemPixels = pass.images * g.h * g.w
    passes = g.h / 4 / pass.rows
    let pixels = (1...16 / vectors).reversed().first { pass.tiles % $0 == 0 }!
    defines = [
      "V=\(vectorWidth)", "H=\(g.h)", "W=\(g.w)", "C=\(c)", "K=\(k)",
      "TILE_ROWS=\(pass.rows)", "PASS_IMAGES=\(pass.images)", "PIXELS=\(pixels)",
      "VB=\(vectors)",
    ]
  }
}

extension WinogradConvolution: ConvolutionPlan {
  var sources: [KernelSource] { [.winogradTransforms, .convolutionWinograd] }
  var kernel: String { "convolution_winograd" }
  var partials: Int { items }
  var partialPixels: Int { itemPixels }
  var imagesArgument: Int? { images }
  var paddedK: Int { k }

  func range(plain: Bool) -> (global: [Int], local: [Int]) {
    ([items, plain && items < 8 ? passes : 1], [1, 1])
  }

  func pack(_ w: Tensor, on backend: OpenCLBackend) throws -> OpenCLStorage? {
    try backend.transformedFilter(w, c: c, k: k, orientation)?.storage
  }
}
