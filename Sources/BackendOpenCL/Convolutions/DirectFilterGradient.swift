import Kernels
import Tensors

/// How a direct filter gradient is split: images into slices (partial sums, added in order),
/// channels into blocks. Depends on shapes and the vector width alone.
struct DirectFilterGradient: FilterGradientPlan {
  let slices: Int
  /// In images; rows of pixels where it is 1×1.
  let counts: (all: Int, slice: Int)
  /// Work-items a slice.
  let blocks: Int
  let defines: [String]

  init(_ g: ConvolutionGeometry, vectorWidth: Int) {
    if PixelRows.applies(to: g) {
      self.init(pointwise: g, vectorWidth: vectorWidth)
      return
    }
    // Of x's channels a divisor of at most 32, of dy's up to two vectors.
    let channels = (1...32).reversed().first { g.c % $0 == 0 }!
    let vectors = g.k > vectorWidth ? 2 : 1
    let outputs = vectors * vectorWidth
    // At most 24 sums in registers.
    let perTap = (1...8).reversed().first { channels % $0 == 0 && $0 * vectors <= 24 }!
    let taps = perTap * vectors * g.s <= 24 ? g.s : 1
    let half = (1...4).reversed().first { channels % $0 == 0 }!
    let (rowTaps, block) =
      taps == 1 && half * vectors * g.s <= 24 ? (g.s, half) : (taps, perTap)
    let stride = g.subsampling.stride
    func bytes(_ rows: Int) -> Int {
      (((rows - 1) * stride + g.r) * ((g.q - 1) * stride + g.s) * channels
        + rows * g.q * outputs) * 4
    }
    let rows = (1...max(g.p, 1)).reversed().first { bytes($0) <= 64 << 10 } ?? 1
    self.init(
      g, images: g.n, size: (g.h, g.w, g.p, g.q), vectorWidth: vectorWidth,
      block: Block(
        channels: channels, outputs: outputs, taps: rowTaps, sums: block, vectors: vectors,
        rows: rows))
  }

  /// A 1×1 convolution is one matrix product: blocks are as large as leaves their sums in the
  /// second cache, so that pixels are read, and taken through batch norm, once or twice and not for
  /// every few channels of the other side.
  private init(pointwise g: ConvolutionGeometry, vectorWidth: Int) {
    let channels = (1...96).reversed().first { g.c % $0 == 0 }!
    let most = max(1, min(384, (32 << 10) / channels) / vectorWidth)
    let all = (g.k + vectorWidth - 1) / vectorWidth
    let parts = (all + most - 1) / most
    let inBlock = (all + parts - 1) / parts
    let vectors = inBlock % 2 == 0 ? 2 : 1
    let sums = (1...8).reversed().first { channels % $0 == 0 }!
    let pixels = PixelRows(g, upTo: 32)
    self.init(
      g, images: pixels.n, size: (1, pixels.w, 1, pixels.w), vectorWidth: vectorWidth,
      block: Block(
        channels: channels, outputs: inBlock * vectorWidth, taps: 1, sums: sums, vectors: vectors,
        rows: 1))
  }

  /// What a work-item sums: `channels` of x by `outputs` of dy; in registers `taps` × `sums` ×
  /// `vectors`; of `rows` output rows at a time.
  private struct Block {
    let channels: Int, outputs: Int
    let taps: Int, sums: Int, vectors: Int
    let rows: Int
  }

  private init(
    _ g: ConvolutionGeometry, images: Int, size: (h: Int, w: Int, p: Int, q: Int),
    vectorWidth: Int, block: Block
  ) {
    blocks = g.c / block.channels * ((g.k + block.outputs - 1) / block.outputs)
    // About 64 work-items in all.
    let wanted = min(max(images, 1), max(1, 64 / max(blocks, 1)))
    let each = max(1, (images + wanted - 1) / wanted)
    counts = (images, each)
    slices = max(1, (images + each - 1) / each)
    let (every, stride) = g.subsampling
    defines = [
      "V=\(vectorWidth)", "FILTER_GRADIENT", "C=\(g.c)", "H=\(size.h)", "W=\(size.w)",
      "K=\(g.k)", "P=\(size.p)", "Q=\(size.q)", "R=\(g.r)", "S=\(g.s)", "STRIDE=\(stride)",
      "EVERY=\(every)", "PAD=\(g.padding)", "CB=\(block.channels)", "KB=\(block.outputs)",
      "SB=\(block.taps)", "RB=\(block.sums)", "VB=\(block.vectors)", "ROWS=\(block.rows)",
      "EPILOGUE=0", "ACCUMULATE=0",
    ]
  }

  var sources: [KernelSource] { [.convolutionVector] }
  var kernel: String { "filter_gradient" }
  var global: [Int] { [blocks, slices] }
  var local: [Int] { [1, 1] }
}
