import Kernels
import Tensors

/// How the direct kernel of the vector family runs one convolution, forward or data gradient: the
/// sizes that the kernel sees and its blocking. Depends on shapes and the vector width alone.
struct DirectConvolution {
  /// What stands between the filter as it is stored and as the kernel reads it.
  enum Packing: Hashable { case none, pad, swap, swapAndTurn }

  let n: Int, h: Int, w: Int, c: Int
  let k: Int, r: Int, s: Int, p: Int, q: Int
  let stride: Int, padH: Int, padW: Int
  /// Of the input's rows and columns those that are read.
  let every: Int
  let packing: Packing
  let vectorWidth: Int
  /// The data gradient at stride > 1 has a kernel of its own.
  let isStridedGradient: Bool
  /// Work-items an image, each with a part of the output channels.
  var parts = 1

  init(forward g: ConvolutionGeometry, vectorWidth: Int) {
    let rows = PixelRows(g)
    (n, h, w, c, k, r, s) = (rows.n, rows.h, rows.w, g.c, g.k, g.r, g.s)
    (p, q) = rows.flat ? (rows.h, rows.w) : (g.p, g.q)
    (every, stride) = g.subsampling
    (padH, padW) = (g.padding, g.padding)
    self.vectorWidth = vectorWidth
    packing = g.k % vectorWidth == 0 ? .none : .pad
    isStridedGradient = false
  }

  /// dx as the convolution of dy with the filter turned by 180 degrees, its channels swapped.
  init(dataGradient g: ConvolutionGeometry, vectorWidth: Int) {
    let rows = PixelRows(g)
    (c, k, r, s) = (g.k, g.c, g.r, g.s)
    (n, h, w) = rows.flat ? (rows.n, rows.h, rows.w) : (g.n, g.p, g.q)
    (p, q) = rows.flat ? (rows.h, rows.w) : (g.h, g.w)
    self.vectorWidth = vectorWidth
    (every, stride) = (1, g.stride)
    isStridedGradient = g.stride > 1
    if isStridedGradient {
      (padH, padW, packing) = (g.padding, g.padding, .swap)
    } else {
      (padH, padW, packing) = (g.r - 1 - g.padding, g.s - 1 - g.padding, .swapAndTurn)
    }
  }

  var paddedK: Int { (k + vectorWidth - 1) / vectorWidth * vectorWidth }

  /// Output columns that are summed together: neighbors, or of one phase.
  private var columns: Int { isStridedGradient ? (q + stride - 1) / stride : q }

  /// Pixels of a row in registers: of 4…8 the number that wastes least, the larger of equals.
  var pixels: Int {
    if columns < 4 { return max(columns, 1) }
    return (4...8).min { a, b in
      let (wasteA, wasteB) = ((columns + a - 1) / a * a, (columns + b - 1) / b * b)
      return wasteA != wasteB ? wasteA < wasteB : a > b
    }!
  }

  private var bufferColumns: Int {
    let blocks = (columns + pixels - 1) / pixels * pixels
    return isStridedGradient
      ? (s - 1) / stride + blocks + (stride - 1 + padW) / stride : (blocks - 1) * stride + s
  }

  private func bufferBytes(rows: Int, channels: Int) -> Int {
    let bufferRows =
      isStridedGradient ? (rows + r - 2) / stride + 2 : (rows - 1) * stride + r
    return bufferRows * bufferColumns * channels * 4
  }

  /// Input channels a pass: all, or the largest divisor whose buffer of one output row fits in
  /// 192 KiB of the thread's stack.
  var channelTile: Int {
    (1...max(c, 1)).reversed().first {
      c % $0 == 0 && bufferBytes(rows: 1, channels: $0) <= 192 << 10
    } ?? 1
  }

  /// Output rows at a time: as many as fit in 48 KiB, so that the filter is reused from cache.
  var rows: Int {
    let channels = channelTile
    let most =
      (1...max(p, 1)).reversed().first {
        bufferBytes(rows: $0, channels: channels) <= 48 << 10
      } ?? 1
    // Equal shares: 17 rows of at most 16 are 9 and 8, not 16 and 1.
    let items = (max(p, 1) + most - 1) / most
    return (max(p, 1) + items - 1) / items
  }

  /// The same for few images: some eight work-items in all, where nothing but the output is stored.
  func inParts() -> DirectConvolution {
    guard !isStridedGradient else { return self }
    var plan = self
    let vectors = paddedK / vectorWidth
    let possible = (1...vectors).filter { vectors % $0 == 0 && ($0 == 1 || vectors / $0 >= 2) }
    plan.parts = possible.first { n * $0 >= 8 } ?? possible.last!
    return plan
  }

  /// Work-items.
  var items: Int { n * parts }
  /// Output pixels of a work-item.
  var itemPixels: Int { p * q }

  var kernel: String { isStridedGradient ? "strided_data_gradient" : "convolution" }

  var defines: [String] {
    [
      "V=\(vectorWidth)", isStridedGradient ? "STRIDED_DATA_GRADIENT" : "CONVOLUTION", "C=\(c)",
      "H=\(h)", "W=\(w)", "K=\(k)", "KP=\(paddedK)", "P=\(p)", "Q=\(q)", "R=\(r)",
      "S=\(s)", "STRIDE=\(stride)", "PAD_H=(\(padH))", "PAD_W=(\(padW))", "ROWS=\(rows)",
      "QB=\(pixels)", "CT=\(channelTile)", "EVERY=\(every)",
    ] + (parts > 1 ? ["PARTS=\(parts)"] : [])
  }
}

extension ConvolutionGeometry {
  /// A 1×1 convolution at a stride is one at stride 1 of every so many-th row and column.
  var subsampling: (every: Int, stride: Int) {
    r == 1 && s == 1 && padding == 0 ? (stride, 1) : (1, stride)
  }
}

/// A 1×1 convolution at stride 1 does not care where a row ends: its pixels are taken as rows of up
/// to 128, so that small images fill the registers as large ones do.
struct PixelRows {
  let n: Int, h: Int, w: Int
  /// Whether the geometry was changed.
  let flat: Bool

  /// Over the pixels of all images.
  /// - Precondition: it applies.
  init(_ g: ConvolutionGeometry, upTo most: Int) {
    let pixels = g.n * g.h * g.w
    w = (1...max(1, min(pixels, most))).reversed().first { pixels % $0 == 0 }!
    (n, h, flat) = (pixels / w, 1, true)
  }

  static func applies(to g: ConvolutionGeometry) -> Bool {
    g.r == 1 && g.s == 1 && g.stride == 1 && g.padding == 0 && g.h * g.w > 0
  }

  init(_ g: ConvolutionGeometry) {
    flat = Self.applies(to: g)
    if flat {
      let pixels = g.h * g.w
      w = (1...min(pixels, 128)).reversed().first { pixels % $0 == 0 }!
      (n, h) = (g.n * pixels / w, 1)
    } else {
      (n, h, w) = (g.n, g.h, g.w)
    }
  }
}

extension DirectConvolution: ConvolutionPlan {
  var sources: [KernelSource] { [.convolutionVector] }
  var partials: Int { items }
  var partialPixels: Int { itemPixels }
  var imagesArgument: Int? { nil }

  func range(plain: Bool) -> (global: [Int], local: [Int]) { ([items], [1]) }

  func pack(_ w: Tensor, on backend: OpenCLBackend) throws -> OpenCLStorage? {
    guard packing != .none else { return nil }
    return try backend.packedFilter(w, packing, from: c, to: paddedK, taps: r * s)
  }
}
