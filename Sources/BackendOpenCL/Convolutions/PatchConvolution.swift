import Kernels
import Tensors

/// How `convolution_patch.cl` runs a 3×3 convolution at stride 1, forward or data gradient. Depends
/// on shapes alone.
struct PatchConvolution {
  let images: Int, k: Int
  /// Work-groups along the pixels, and along the channels.
  let rowBlocks: Int, channelBlocks: Int
  /// Output pixels of a work-group, and its work-items.
  let pixels: Int, items: Int
  let defines: [String]

  /// nil where it does not apply.
  init?(_ g: ConvolutionGeometry, dataGradient: Bool) {
    let (c, k) = dataGradient ? (g.k, g.c) : (g.c, g.k)
    guard
      g.r == 3, g.s == 3, g.stride == 1, g.padding == 1, g.n * g.h * g.w > 0, g.w % 4 == 0,
      c % 8 == 0, k % 16 == 0, let shape = PatchShape.best(g, c: c, k: k)
    else { return nil }
    (images, self.k) = (g.n, k)
    rowBlocks = shape.rowBlocks(g)
    channelBlocks = k / shape.columns
    (pixels, items) = (shape.rows * g.w, shape.items(g))
    defines = [
      "V=4", "ALIGNED", dataGradient ? "DATA_GRADIENT" : "CONVOLUTION", "H=\(g.h)", "W=\(g.w)",
      "IMAGES=1", "ROWS=\(shape.rows)", "PITCH=\(PatchShape.pitch(g.w))", "BN=\(shape.columns)",
      "BK=\(shape.terms)", "TM=\(shape.run)",
    ]
  }
}

extension PatchConvolution: ConvolutionPlan {
  var sources: [KernelSource] { [.stagedInputs, .patchInputs, .tileOutputs, .convolutionPatch] }
  var kernel: String { "convolution_patch" }
  var partials: Int { rowBlocks }
  var partialPixels: Int { pixels }
  var imagesArgument: Int? { images }
  var paddedK: Int { k }

  func range(plain: Bool) -> (global: [Int], local: [Int]) {
    ([items * rowBlocks, channelBlocks], [items, 1])
  }
}

/// What a work-group makes: whole `rows` of an image × `columns` channels, `terms` input channels
/// at a time; `run` neighboring pixels × 4 channels a work-item.
private struct PatchShape {
  let rows: Int, columns: Int, terms: Int, run: Int

  static func pitch(_ width: Int) -> Int { (width + 2 + 3) / 8 * 8 + 4 }

  func items(_ g: ConvolutionGeometry) -> Int { rows * g.w / run * columns / 4 }
  func rowBlocks(_ g: ConvolutionGeometry) -> Int { g.n * g.h / rows }

  private func localBytes(_ g: ConvolutionGeometry) -> Int {
    let loaded = terms * (rows + 2) * Self.pitch(g.w) + 9 * terms * columns
    return 4 * max(loaded, columns * (1 + 2 * rows * g.w / run))
  }

  /// Of a channel, for all groups.
  private func loads(_ g: ConvolutionGeometry, k: Int) -> Int {
    rowBlocks(g) * (k / columns) * ((rows + 2) * (g.w + 2) + 9 * columns)
  }

  /// Of the shapes that leave enough groups for a large device: runs of eight before those of four,
  /// then some 128 work-items a group, then the one that loads least. Where none does, the most
  /// groups.
  static func best(_ g: ConvolutionGeometry, c: Int, k: Int) -> PatchShape? {
    var possible: [PatchShape] = []
    for run in [8, 4] where g.w % run == 0 {
      for columns in [64, 32, 16] where k % columns == 0 {
        for rows in 1...max(g.h, 1) where g.h % rows == 0 {
          for terms in [16, 8] where c % terms == 0 {
            let shape = PatchShape(rows: rows, columns: columns, terms: terms, run: run)
            let items = shape.items(g)
            if items % 32 == 0 && (64...ProductTile.mostItems).contains(items)
              && shape.localBytes(g) <= ProductTile.mostLocalBytes
            {
              possible.append(shape)
            }
          }
        }
      }
    }
    func groups(_ shape: PatchShape) -> Int { shape.rowBlocks(g) * (k / shape.columns) }
    func key(_ shape: PatchShape) -> (Int, Int, Int, Int) {
      (-shape.run, abs(shape.items(g) - 128), shape.loads(g, k: k), -shape.terms)
    }
    return possible.filter { groups($0) >= ProductTile.wantedGroups && $0.items(g) > 64 }
      .min { key($0) < key($1) } ?? possible.max { groups($0) < groups($1) }
  }
}
