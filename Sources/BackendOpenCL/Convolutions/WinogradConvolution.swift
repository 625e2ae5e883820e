import Tensors

/// The shapes that Winograd's F(4×4, 3×3) serves, and how large its private arrays may be.
private enum Winograd {
  /// PoCL keeps private arrays on the stack of a thread (8 MiB by default).
  static let privateBytes = 320 << 10

  static func serves(_ g: ConvolutionGeometry, vectorWidth: Int) -> Bool {
    g.r == 3 && g.s == 3 && g.stride == 1 && g.padding == 1 && g.n > 0 && g.h > 0 && g.w > 0
      && g.h % 4 == 0 && g.w % 4 == 0 && g.c % vectorWidth == 0 && g.k % vectorWidth == 0
  }

  /// Floats of the 36 planes of `tiles` tiles.
  static func planes(_ tiles: Int, _ channels: Int) -> Int { 36 * (tiles * channels + 16) }

  /// Floats of the zero-padded input rows of `tileRows` tile rows.
  static func rows(_ tileRows: Int, _ width: Int, _ channels: Int) -> Int {
    (tileRows * 4 + 2) * (width + 2) * channels
  }
}

/// Tiles that are transformed and multiplied together: rows of tiles of one image, or several images
/// where one has few.
private struct TilePass {
  let rows: Int, images: Int
  let tiles: Int

  /// The most tiles, up to `limit`, for which `fits` holds; nil where not even one row fits.
  init?(_ g: ConvolutionGeometry, limit: Int, fits: (_ rows: Int, _ tiles: Int) -> Bool) {
    let (tileRows, columns) = (g.h / 4, g.w / 4)
    let candidates =
      (1...tileRows).filter { tileRows % $0 == 0 }.map { (rows: $0, images: 1) }
      + (2...8).map { (rows: tileRows, images: $0) }
    let possible = candidates.map { ($0.rows, $0.images, $0.rows * $0.images * columns) }
      .filter { fits($0.0, $0.2) }
    guard let smallest = possible.first else { return nil }
    (rows, images, tiles) = possible.last { $0.2 <= limit } ?? smallest
  }
}

/// How the Winograd kernel runs one convolution, forward or data gradient (whose filter is turned
/// and whose channels are swapped). Depends on shapes and the vector width alone.
struct WinogradConvolution {
  let c: Int, k: Int
  let turns: Bool
  let items: Int
  /// Output pixels of a work-item, the last perhaps excepted.
  let itemPixels: Int
  let defines: [String]

  init?(
    _ g: ConvolutionGeometry, dataGradient: Bool, vectorWidth: Int
  ) {
    guard Winograd.serves(g, vectorWidth: vectorWidth) else { return nil }
    let (c, k) = dataGradient ? (g.k, g.c) : (g.c, g.k)
    guard
      let pass = TilePass(
        g, limit: 16,
        fits: { rows, tiles in
          4
            * (Winograd.rows(rows, g.w, c) + Winograd.planes(tiles, c)
              + Winograd.planes(tiles, vectorWidth)) <= Winograd.privateBytes
        })
    else { return nil }
    // Large filters have to be read for many tiles at a time, or memory decides.
    guard pass.tiles >= 8 || c * k <= 64 * 64 else { return nil }
    (self.c, self.k, turns) = (c, k, dataGradient)
    items = (g.n + pass.images - 1) / pass.images
    itemPixels = pass.images * g.h * g.w
    // Long sums can hide the latency of fewer loads.
    let most = c >= 32 ? 16 : 8
    let pixels = (1...most).reversed().first { pass.tiles % $0 == 0 }!
    defines = [
      "V=\(vectorWidth)", "CONVOLUTION", "N=\(g.n)", "H=\(g.h)", "W=\(g.w)", "C=\(c)", "K=\(k)",
      "TILE_ROWS=\(pass.rows)", "PASS_IMAGES=\(pass.images)", "ITEM_IMAGES=\(pass.images)",
      "PIXELS=\(pixels)",
    ]
  }
}

/// How a Winograd filter gradient is split; see `DirectFilterGradient`.
struct WinogradFilterGradient {
  let slices: Int
  let blocks: Int
  let defines: [String]

  init?(_ g: ConvolutionGeometry, vectorWidth: Int) {
    guard Winograd.serves(g, vectorWidth: vectorWidth) else { return nil }
    let channels = [32, 16, 8, 4].first { g.c % $0 == 0 && $0 % vectorWidth == 0 }!
    let outputs = [64, 32, 16, 8, 4].first { g.k % $0 == 0 && $0 % vectorWidth == 0 }!
    guard
      let pass = TilePass(
        g, limit: channels == 16 ? 32 : 16,
        fits: { rows, tiles in
          4
            * (Winograd.rows(rows, g.w, channels) + rows * 4 * g.w * outputs
              + Winograd.planes(tiles, channels) + Winograd.planes(tiles, outputs)
              + 36 * channels * outputs) <= 2 * Winograd.privateBytes
        })
    else { return nil }
    blocks = g.c / channels * (g.k / outputs)
    // Some 32 work-items in all.
    let wanted = max(1, 32 / blocks)
    let passes = (g.n + pass.images - 1) / pass.images
    let images = (passes + wanted - 1) / wanted * pass.images
    slices = (g.n + images - 1) / images
    defines = [
      "V=\(vectorWidth)", "FILTER_GRADIENT", "N=\(g.n)", "H=\(g.h)", "W=\(g.w)", "C=\(g.c)",
      "K=\(g.k)", "TILE_ROWS=\(pass.rows)", "PASS_IMAGES=\(pass.images)", "ITEM_IMAGES=\(images)",
      "CB=\(channels)", "KB=\(outputs)", "RB=\(min(8, channels))",
      "VB=\(outputs > vectorWidth ? 2 : 1)", "EPILOGUE=0", "ACCUMULATE=0",
    ]
  }
}
