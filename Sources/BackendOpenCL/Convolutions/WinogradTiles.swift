import Tensors

/// The shapes that Winograd's F(4×4, 3×3) serves, and how large its private arrays may be.
enum Winograd {
  /// PoCL keeps private arrays on the stack of a thread (8 MiB by default).
  static let privateBytes = 320 << 10

  static func serves(_ g: ConvolutionGeometry, vectorWidth: Int) -> Bool {
    isOfItsKind(g, vectorWidth: vectorWidth) && g.h % 4 == 0 && g.w % 4 == 0
  }

  /// Whether its algorithm fits, whatever the images' size.
  static func isOfItsKind(_ g: ConvolutionGeometry, vectorWidth: Int) -> Bool {
    g.r == 3 && g.s == 3 && g.stride == 1 && g.padding == 1 && g.n > 0 && g.h > 0 && g.w > 0
      && g.c % vectorWidth == 0 && g.k % vectorWidth == 0
  }

  /// Floats of the 36 planes of `tiles` tiles.
  static func planes(_ tiles: Int, _ channels: Int) -> Int { 36 * (tiles * channels + 16) }

  /// Floats of the zero-padded input rows of `tileRows` tile rows.
  static func rows(_ tileRows: Int, _ width: Int, _ channels: Int) -> Int {
    (tileRows * 4 + 2) * ((width + 3) / 4 * 4 + 2) * channels
  }
}

/// Tiles that are transformed and multiplied together: rows of tiles of one image, or several
/// images where one has few.
struct TilePass {
  let rows: Int, images: Int
  let tiles: Int

  /// The most tiles, up to `limit`, for which `fits` holds; nil where not even one row fits.
  init?(_ g: ConvolutionGeometry, limit: Int, fits: (_ rows: Int, _ tiles: Int) -> Bool) {
    let possible = Self.candidates(g, images: 8, fits)
    guard let smallest = possible.first else { return nil }
    (rows, images, tiles) = possible.last { $0.tiles <= limit } ?? smallest
  }

  /// For many channels: from 16 to 32 tiles where that can be, else the fewest above or the most
  /// below; no more images than there are.
  init?(wide g: ConvolutionGeometry, fits: (_ rows: Int, _ tiles: Int) -> Bool) {
    let possible = Self.candidates(g, images: min(8, g.n), fits)
    guard let smallest = possible.first else { return nil }
    (rows, images, tiles) =
      possible.last { 16...32 ~= $0.tiles } ?? possible.first { $0.tiles > 32 } ?? possible.last
      ?? smallest
  }

  private static func candidates(
    _ g: ConvolutionGeometry, images most: Int, _ fits: (_ rows: Int, _ tiles: Int) -> Bool
  ) -> [(rows: Int, images: Int, tiles: Int)] {
    let (tileRows, columns) = ((g.h + 3) / 4, (g.w + 3) / 4)
    let all =
      (1...tileRows).filter { tileRows % $0 == 0 }.map { (rows: $0, images: 1) }
      + (1...max(1, most)).dropFirst().map { (rows: tileRows, images: $0) }
    return all.map { ($0.rows, $0.images, $0.rows * $0.images * columns) }
      .filter { fits($0.0, $0.2) }
  }
}
