import Kernels
import Tensors

/// What a work-group of the portable family computes of a matrix product: `rows` × `columns` sums
/// over `terms` at a time, in local memory; `itemRows` × `itemColumns` of them a work-item, in
/// registers. Chosen by shapes alone, so that every device adds in the same order.
struct ProductTile: Hashable {
  let rows: Int, columns: Int, terms: Int
  let itemRows: Int, itemColumns: Int
  /// Floats that are loaded at once: 4 where every pixel starts at a multiple of 16 bytes.
  let vector: Int
  /// Nil where products are float32.
  let tensorCores: TensorCores?

  /// What every tile keeps to.
  static let mostItems = OpenCLDevice.portableWorkGroupSize
  static let mostLocalBytes = OpenCLDevice.portableLocalBytes
  /// Work-groups that keep a large device busy.
  static let wantedGroups = 256

  /// What a large device holds at once, three to each of 132 multiprocessors: a wave and a bit of it
  /// would take as long as two.
  private static let wantedTensorGroups = 384

  init(_ rows: Int, _ columns: Int, terms: Int, item: (rows: Int, columns: Int), vector: Int) {
    (self.rows, self.columns, self.terms, self.vector) = (rows, columns, terms, vector)
    tensorCores = nil
    (itemRows, itemColumns) = item
    precondition(
      rows % itemRows == 0 && columns % itemColumns == 0 && itemRows % 4 == 0
        && itemColumns % vector == 0 && terms % vector == 0 && items <= Self.mostItems
        && localBytes <= Self.mostLocalBytes,
      "\(self) is not a tile")
  }

  /// Four warps of 32 work-items, each of 64 × 32 or 32 × 32 sums: a lane holds a thirty-second.
  init(_ rows: Int, _ columns: Int, _ tensorCores: TensorCores) {
    (self.rows, self.columns, self.tensorCores) = (rows, columns, tensorCores)
    (terms, vector) = (16, 4)
    let warpRows = rows * columns / 128
    (itemRows, itemColumns) = (warpRows / 16, 16)
    precondition(
      [32, 64].contains(warpRows) && rows % warpRows == 0 && columns % 32 == 0 && items == 128
        && localBytes <= Self.mostLocalBytes, "\(self) is not a tile of tensor cores")
  }

  /// Whether tensor cores pay, and whether all that is loaded are whole vectors.
  static func takesTensorCores(_ g: ConvolutionGeometry) -> Bool {
    vector(g) == 4 && g.c >= 32 && g.k >= 32
  }

  static func vector(_ g: ConvolutionGeometry) -> Int { g.c % 4 == 0 && g.k % 4 == 0 ? 4 : 1 }

  var items: Int { rows / itemRows * (columns / itemColumns) }

  /// Two tiles of each side, or what sums over a tile's rows take.
  var localBytes: Int {
    let padding = tensorCores == nil ? 8 : 16
    // What lanes exchange where there are no tensor cores.
    let exchanged = tensorCores == .emulated ? 6 * items : 0
    return 4
      * (max(2 * terms * (rows + columns + padding), columns * (1 + 2 * rows / itemRows))
        + exchanged)
  }

  var sources: [KernelSource] {
    [.stagedInputs, .convolutionTiles] + (tensorCores == nil ? [] : [.tensorCoreProducts])
  }

  /// Work-groups that a filter gradient is divided into at least.
  var wantedGroups: Int { tensorCores == nil ? Self.wantedGroups : Self.wantedTensorGroups }

  /// Whether work-items share evenly what is loaded in `parts` vectors of a row: each keeps to one
  /// column of vectors and goes from row to row.
  func divides(into parts: Int) -> Bool { items % parts == 0 }

  var defines: [String] {
    [
      "V=\(vector)", "BM=\(rows)", "BN=\(columns)", "BK=\(terms)", "TM=\(itemRows)",
      "TN=\(itemColumns)",
    ] + (vector > 1 ? ["ALIGNED"] : []) + (tensorCores.map { [$0.define] } ?? [])
  }
}

/// How the portable family runs one convolution, forward or data gradient: pixels are rows of the
/// product, in as many grids as a stride makes phases of a data gradient; output channels are
/// columns.
struct TiledConvolution {
  let tile: ProductTile
  /// Of pixels, of channels, and phases: what the work-groups are counted in.
  let rowTiles: Int, columnTiles: Int, phases: Int
  let images: Int, k: Int
  let defines: [String]

  /// - Parameter tensorCores: nil: products are float32.
  init(_ g: ConvolutionGeometry, dataGradient: Bool, _ tensorCores: TensorCores? = nil) {
    let c = dataGradient ? g.k : g.c
    k = dataGradient ? g.c : g.k
    let (from, to) = dataGradient ? ((g.p, g.q), (g.h, g.w)) : ((g.h, g.w), (g.p, g.q))
    let step = dataGradient ? g.stride : 1
    phases = step * step
    // Of the largest phase; the others leave some of the work-groups nothing to do.
    let rows = g.n * ((to.0 + step - 1) / step) * ((to.1 + step - 1) / step)
    tile = Self.tile(
      rows: rows, phases: phases, c: c, k: k, vector: ProductTile.vector(g),
      ProductTile.takesTensorCores(g) ? tensorCores : nil)
    precondition(
      tile.divides(into: tile.terms / tile.vector)
        && tile.divides(into: tile.columns / tile.vector),
      "\(tile) is loaded unevenly")
    rowTiles = (rows + tile.rows - 1) / tile.rows
    columnTiles = (k + tile.columns - 1) / tile.columns
    images = g.n
    defines =
      tile.defines + [
        dataGradient ? "DATA_GRADIENT" : "CONVOLUTION", "IN_H=\(from.0)", "IN_W=\(from.1)",
        "OUT_H=\(to.0)", "OUT_W=\(to.1)", "R=\(g.r)", "S=\(g.s)", "STRIDE=\(g.stride)",
        "PAD=\(g.padding)",
      ]
  }

  /// The largest tile that leaves enough work-groups, else the smallest.
  private static func tile(
    rows: Int, phases: Int, c: Int, k: Int, vector: Int, _ tensorCores: TensorCores?
  ) -> ProductTile {
    func groups(_ tileRows: Int, _ columns: Int) -> Int {
      (rows + tileRows - 1) / tileRows * phases * ((k + columns - 1) / columns)
    }
    if let tensorCores {
      let columns = k > 32 ? 64 : 32
      let isLarge = columns == 32 || groups(128, columns) >= ProductTile.wantedGroups
      return ProductTile(isLarge ? 128 : 64, columns, tensorCores)
    }
    var columns = k > 32 ? 64 : k > 16 ? 32 : 16
    // At 16 columns 64 rows are but 64 work-items.
    let heights = columns == 16 ? [128, 64] : [128, 64, 32]
    var height = heights.first { groups($0, columns) >= ProductTile.wantedGroups } ?? heights.last!
    var item = (rows: height == 128 ? 8 : 4, columns: 4)
    if k % 128 == 0 && groups(128, 128) >= ProductTile.wantedGroups {
      (height, columns, item) = (128, 128, (8, 8))
    }
    // As many terms as local memory and the registers hold, and as leave few of the last block
    // without a channel.
    let items = height / item.rows * (columns / item.columns)
    let possible = [16, 8, 4].filter { terms in
      2 * terms * (height + columns + 8) * 4 <= ProductTile.mostLocalBytes
        && (height + columns) * terms / items <= 20
    }
    func covered(_ terms: Int) -> Int { (c + terms - 1) / terms * terms }
    let least = possible.map(covered).min()!
    let terms = possible.first { covered($0) * 10 <= least * 11 }!
    return ProductTile(height, columns, terms: terms, item: item, vector: vector)
  }
}

extension TiledConvolution: ConvolutionPlan {
  var sources: [KernelSource] { tile.sources + [.tileOutputs, .convolutionTiled] }
  var kernel: String { "convolution_tiled" }
  /// Work-groups along the pixels of all phases: each leaves sums of its own.
  var partials: Int { rowTiles * phases }
  var partialPixels: Int { tile.rows }
  var imagesArgument: Int? { images }
  var paddedK: Int { k }

  func range(plain: Bool) -> (global: [Int], local: [Int]) {
    ([tile.items * rowTiles, columnTiles, phases], [tile.items, 1, 1])
  }
}
