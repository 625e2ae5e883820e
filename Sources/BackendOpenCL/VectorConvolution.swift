import Tensors

/// How the vector family runs one convolution: sizes of the equivalent forward convolution and its
/// blocking. Depends on shapes and the vector width alone.
struct VectorConvolution {
  let n: Int, h: Int, w: Int, c: Int
  let k: Int, r: Int, s: Int, p: Int, q: Int
  let stride: Int, dilation: Int, padH: Int, padW: Int
  /// Whether the filter is turned (data gradient).
  let turns: Bool
  let vectorWidth: Int

  init(forward g: ConvolutionGeometry, vectorWidth: Int) {
    (n, h, w, c, k, r, s, p, q) = (g.n, g.h, g.w, g.c, g.k, g.r, g.s, g.p, g.q)
    (stride, dilation, padH, padW) = (g.stride, 1, g.padding, g.padding)
    (turns, self.vectorWidth) = (false, vectorWidth)
  }

  /// dx as the convolution of dy, dilated by the stride, with the turned filter.
  init(dataGradient g: ConvolutionGeometry, vectorWidth: Int) {
    (n, h, w, c, k, r, s, p, q) = (g.n, g.p, g.q, g.k, g.c, g.r, g.s, g.h, g.w)
    (stride, dilation) = (1, g.stride)
    (padH, padW) = (g.r - 1 - g.padding, g.s - 1 - g.padding)
    (turns, self.vectorWidth) = (true, vectorWidth)
  }

  var taps: Int { r * s }
  var paddedK: Int { (k + vectorWidth - 1) / vectorWidth * vectorWidth }
  var packs: Bool { turns || paddedK != k }

  /// Pixels of a row in registers: of 4…8 the number that wastes least, the larger of equals.
  var pixels: Int {
    if q < 4 { return max(q, 1) }
    return (4...8).min { a, b in
      let (wasteA, wasteB) = ((q + a - 1) / a * a, (q + b - 1) / b * b)
      return wasteA != wasteB ? wasteA < wasteB : a > b
    }!
  }

  private var bufferColumns: Int { ((q + pixels - 1) / pixels * pixels - 1) * stride + s }

  private func bufferBytes(rows: Int, channels: Int) -> Int {
    ((rows - 1) * stride + r) * bufferColumns * channels * 4
  }

  /// Input channels a pass: all, or the largest divisor whose buffer of one output row fits in
  /// 192 KiB of the thread's stack.
  var channelTile: Int {
    (1...max(c, 1)).reversed().first {
      c % $0 == 0 && bufferBytes(rows: 1, channels: $0) <= 192 << 10
    } ?? 1
  }

  /// Output rows of a work-item: as many as fit in 48 KiB, so that the filter is reused from cache.
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

  var defines: [String] {
    [
      "V=\(vectorWidth)", "CONVOLUTION", "C=\(c)", "H=\(h)", "W=\(w)", "K=\(k)",
      "KP=\(paddedK)", "P=\(p)", "Q=\(q)", "R=\(r)", "S=\(s)", "STRIDE=\(stride)",
      "DILATION=\(dilation)", "PAD_H=(\(padH))", "PAD_W=(\(padW))", "ROWS=\(rows)",
      "QB=\(pixels)", "CT=\(channelTile)",
    ]
  }
}

/// How a filter gradient is split: images into slices (partial sums, added in order), channels into
/// blocks. Depends on shapes and the vector width alone.
struct FilterGradientPlan {
  let slices: Int
  /// Images a slice.
  let images: Int
  /// Work-items a slice (vector family).
  let blocks: Int
  let defines: [String]

  init(_ g: ConvolutionGeometry, family: KernelFamily, vectorWidth: Int) {
    switch family {
    case .portable:
      images = max(1, (g.n + 15) / 16)
      blocks = 0
      defines = []
    case .vector:
      let channels = (1...8).reversed().first { g.c % $0 == 0 }!
      blocks = g.c / channels * ((g.k + vectorWidth - 1) / vectorWidth)
      // About 64 work-items in all.
      let wanted = min(max(g.n, 1), max(1, 64 / max(blocks, 1)))
      images = max(1, (g.n + wanted - 1) / wanted)
      defines = [
        "V=\(vectorWidth)", "FILTER_GRADIENT", "N=\(g.n)", "C=\(g.c)", "H=\(g.h)", "W=\(g.w)",
        "K=\(g.k)", "P=\(g.p)", "Q=\(g.q)", "R=\(g.r)", "S=\(g.s)", "STRIDE=\(g.stride)",
        "PAD=\(g.padding)", "CB=\(channels)", "SB=\(min(g.s, 3))", "IMAGES=\(images)",
      ]
    }
    slices = max(1, (g.n + images - 1) / images)
  }
}
