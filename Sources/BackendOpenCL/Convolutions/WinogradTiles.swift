import Tensors

/// The shapes that Winograd's F(4×4, 3×3) serves, and how large its private arrays may be.
enum Winograd {
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

/// Tiles that are transformed and multiplied together: rows of tiles of one image, or several
/// images where one has few.
struct TilePass {
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
