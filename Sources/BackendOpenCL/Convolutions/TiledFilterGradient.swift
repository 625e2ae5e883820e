import Kernels
import Tensors

/// How the portable family makes a filter gradient: taps × channels of x are rows of the product,
/// channels of dy are columns, pixels of dy are terms, in slices (partial sums, added in order).
struct TiledFilterGradient: FilterGradientPlan {
  let tile: ProductTile
  let rowTiles: Int, columnTiles: Int, slices: Int
  /// Images in all, pixels of a slice.
  let counts: (all: Int, slice: Int)
  let defines: [String]

  init(_ g: ConvolutionGeometry) {
    let rows = g.r * g.s * g.c
    let columns = g.k > 32 ? 64 : g.k > 16 ? 32 : 16
    func covered(_ tileRows: Int) -> Int { (rows + tileRows - 1) / tileRows * tileRows }
    // The least waste, the larger of equals.
    let height = [128, 96, 64].min { covered($0) < covered($1) }!
    tile = ProductTile(
      height, columns, terms: 16, item: (columns == 16 ? 4 : 8, 4),
      vector: ProductTile.vector(g))
    precondition(
      tile.divides(into: tile.rows / tile.vector)
        && tile.divides(into: tile.columns / tile.vector),
      "\(tile) is loaded unevenly")
    rowTiles = (rows + height - 1) / height
    columnTiles = (g.k + columns - 1) / columns
    // Each slice costs a pass of the sum over slices: at most 128, of 64 pixels at least.
    let pixels = g.n * g.p * g.q
    let blocks = max(1, rowTiles * columnTiles)
    let wanted = min(128, (ProductTile.wantedGroups + blocks - 1) / blocks)
    let each = (pixels + wanted - 1) / wanted
    let slicePixels = max(64, (each + tile.terms - 1) / tile.terms * tile.terms)
    slices = max(1, (pixels + slicePixels - 1) / slicePixels)
    counts = (g.n, slicePixels)
    defines =
      tile.defines + [
        "H=\(g.h)", "W=\(g.w)", "P=\(g.p)", "Q=\(g.q)", "R=\(g.r)", "S=\(g.s)",
        "STRIDE=\(g.stride)", "PAD=\(g.padding)", "EPILOGUE=0", "ACCUMULATE=0",
      ]
  }

  var sources: [KernelSource] { [.stagedInputs, .convolutionTiles, .filterGradientTiled] }
  var kernel: String { "filter_gradient_tiled" }
  var global: [Int] { [tile.items * rowTiles, columnTiles, slices] }
  var local: [Int] { [tile.items, 1, 1] }
}
