import Tensors

/// How the Winograd kernel makes a filter gradient, alone or with the data gradient: images in
/// slices (partial sums, added in order), x's channels in blocks. Depends on shapes and the vector
/// width alone.
struct WinogradGradients {
  let slices: Int
  let images: Int
  /// Images of a slice.
  let sliceImages: Int
  /// Work-items a slice.
  let blocks: Int
  /// Channels of x that a work-item takes.
  let channels: Int
  let defines: [String]
  private static let manyChannels = 128

  init?(_ g: ConvolutionGeometry, vectorWidth: Int) {
    guard Winograd.serves(g, vectorWidth: vectorWidth) else { return nil }
    // Of many channels, blocks of one side alone would have the other's tiles transformed again and
    // again: there are kernels for those.
    if min(g.c, g.k) >= Self.manyChannels { return nil }
    // The sums of a block stay in the second cache, and so do the planes of a pass.
    let mostChannels = max(vectorWidth, 32 * 64 / max(g.k, 1))
    let channels = [64, 32, 16, 8, 4].first {
      g.c % $0 == 0 && $0 % vectorWidth == 0 && $0 <= mostChannels
    }!
    guard
      let pass = TilePass(
        g, limit: channels == 32 && g.k == 32 ? 8 : 16,
        fits: { rows, tiles in
          4
            * (Winograd.rows(rows, g.w, channels) + 2 * Winograd.planes(tiles, channels)
              + Winograd.planes(tiles, g.k) + 36 * channels * g.k)
            <= 3 * Winograd.privateBytes
        })
    else { return nil }
    self.channels = channels
    images = g.n
    blocks = g.c / channels
    // Some 32 work-items in all; half as many where each would have few tiles for what its sums
    // cost at either end.
    let tiles = g.n * (g.h / 4) * (g.w / 4)
    let wanted = max(1, (tiles * blocks >= 32 * 128 ? 32 : 16) / blocks)
    let passes = (g.n + pass.images - 1) / pass.images
    sliceImages = (passes + wanted - 1) / wanted * pass.images
    slices = (g.n + sliceImages - 1) / sliceImages
    let vectors = channels % (2 * vectorWidth) == 0 ? 2 : 1
    let pixels = (1...8).reversed().first { pass.tiles % $0 == 0 }!
    let outputVectors = [4, 2, 1].first { g.k % ($0 * vectorWidth) == 0 }!
    defines = [
      "V=\(vectorWidth)", "H=\(g.h)", "W=\(g.w)", "C=\(g.c)", "K=\(g.k)",
      "TILE_ROWS=\(pass.rows)", "PASS_IMAGES=\(pass.images)", "CB=\(channels)",
      "RB=\(min(16 / outputVectors, channels))", "FB=\(outputVectors)", "PIXELS=\(pixels)",
      "VB=\(vectors)",
    ]
  }
}
