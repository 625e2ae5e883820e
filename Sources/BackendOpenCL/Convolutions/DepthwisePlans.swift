import Tensors

/// The images of a depthwise filter gradient, in at most 64 slices whose sums are added in order.
struct DepthwiseSlices {
  /// Of a slice.
  let images: Int
  let count: Int

  init(images all: Int) {
    images = max(1, (all + 63) / 64)
    count = max(1, (all + images - 1) / images)
  }
}

extension DepthwiseGeometry {
  /// The columns of dy that a block of columns of dx reads, relative to the block's own first one
  /// divided by the stride: from u on these are the b with 0 ≤ b·stride + s − padding − u < block
  /// for some tap s.
  fileprivate func gradientColumns(block: Int) -> Range<Int> {
    func floor(_ a: Int) -> Int { a >= 0 ? a / stride : -((-a + stride - 1) / stride) }
    return floor(padding - s + stride)..<floor(block - 1 + padding) + 1
  }
}

/// How the portable family runs one depthwise convolution. Depends on shapes alone.
struct PortableDepthwise {
  private let g: DepthwiseGeometry
  /// Channels of a work-item.
  private let width: Int

  init(_ g: DepthwiseGeometry) {
    self.g = g
    width = g.c % 4 == 0 ? 4 : 1
  }

  /// Work-items of a group of the filter gradient: neighboring channels, and those that take turns
  /// at their pixels, whose sums fit in 24 KiB of local memory.
  var group: [Int] {
    let most = 6144 / (g.r * g.s * width * 8)
    return [8, [16, 8, 4, 2].first { $0 <= most } ?? 1, 1]
  }

  /// Columns of a work-item: four, where rows are that long; a multiple of the stride.
  private func block(_ columns: Int, step: Int = 1) -> Int {
    (min(4, max(1, columns)) + step - 1) / step * step
  }

  /// Work-items of an output `[N, rows, columns, C]`.
  private func items(rows: Int, columns: Int, block: Int) -> Int {
    g.n * rows * ((columns + block - 1) / block) * (g.c / width)
  }

  var forwardItems: Int { items(rows: g.p, columns: g.q, block: block(g.q)) }
  var dataGradientItems: Int {
    items(rows: g.h, columns: g.w, block: block(g.w, step: g.stride))
  }

  private var common: [String] {
    ["V=\(width)", "R=\(g.r)", "S=\(g.s)", "STRIDE=\(g.stride)", "PAD=\(g.padding)"]
      + (width > 1 ? ["ALIGNED"] : [])
  }

  var forward: [String] { common + ["FORWARD", "QB=\(block(g.q))"] }

  var dataGradient: [String] {
    let block = block(g.w, step: g.stride)
    let read = g.gradientColumns(block: block)
    return common + [
      "DATA_GRADIENT", "QB=\(block)", "FIRST=(\(read.lowerBound))", "COLUMNS=\(read.count)",
    ]
  }

  var filterGradient: [String] {
    common + ["FILTER_GRADIENT", "QB=\(block(g.q))", "LANES=\(group[0])", "TURNS=\(group[1])"]
  }

  func filterGradientItems(slices: Int) -> [Int] {
    let lanes = g.c / width
    return [(lanes + group[0] - 1) / group[0] * group[0], group[1], slices]
  }
}

/// How the vector family runs one depthwise convolution. Depends on shapes and the device's vector
/// width alone.
struct VectorDepthwise {
  private let g: DepthwiseGeometry
  /// Channels at a time: the widest vector that divides C, else the widest that fits in it.
  private let width: Int

  init(_ g: DepthwiseGeometry, nativeWidth: Int) {
    self.g = g
    let widths = [16, 8, 4].filter { $0 <= nativeWidth }
    width = widths.first { g.c % $0 == 0 } ?? widths.first { $0 <= g.c } ?? 4
  }

  /// Whether no channels are left over.
  var hasWholeVectors: Bool { g.c % width == 0 }

  /// Columns in registers beside the filter: of at most `most` the number that wastes least, the
  /// larger of equals; a multiple of `step`.
  private func block(_ columns: Int, most: Int, step: Int = 1) -> Int {
    let fitting = (1...most).filter { $0 % step == 0 && 2 * $0 >= min(most, columns) }
    func covered(_ block: Int) -> Int { (columns + block - 1) / block * block }
    return fitting.min { a, b in
      covered(a) != covered(b) ? covered(a) < covered(b) : a > b
    } ?? step
  }

  /// Rows of a work-item: some 20 µs of work, but at least sixteen work-items where there are so
  /// many rows; equal shares.
  private func rows(_ rows: Int, _ columns: Int) -> Int {
    let worthwhile = max(1, (32_768 + columns * g.c - 1) / max(columns * g.c, 1))
    let spread = max(1, rows * g.n / 16)
    let items = max(1, (rows + min(worthwhile, spread) - 1) / min(worthwhile, spread))
    return max(1, (rows + items - 1) / items)
  }

  /// Work-items an image of the output `[N, rows, columns, C]`.
  func items(rows: Int, columns: Int) -> Int {
    let each = self.rows(rows, columns)
    return (rows + each - 1) / each
  }

  private var common: [String] {
    [
      "V=\(width)", "C=\(g.c)", "W=\(g.w)", "Q=\(g.q)", "R=\(g.r)", "S=\(g.s)",
      "STRIDE=\(g.stride)", "PAD=\(g.padding)",
    ]
  }

  /// Long rows come from memory, not from cache: a narrow block reads them in order.
  private func widest(_ columns: Int) -> Int { columns < 16 && g.r * g.s <= 12 ? 4 : 2 }

  var forward: [String] { common + ["FORWARD", "QB=\(block(g.q, most: widest(g.q)))"] }
  var forwardSizes: [Int32] { [g.h, g.p, rows(g.p, g.q)].map(Int32.init) }

  func dataGradient(accumulate: Bool) -> [String] {
    let block = block(g.w, most: max(widest(g.w), g.stride), step: g.stride)
    let read = g.gradientColumns(block: block)
    return common + [
      "DATA_GRADIENT", "QB=\(block)", "FIRST=(\(read.lowerBound))", "COLUMNS=\(read.count)",
      "ACCUMULATE=\(accumulate ? 1 : 0)",
    ]
  }
  var dataGradientSizes: [Int32] { [g.p, g.h, rows(g.h, g.w)].map(Int32.init) }

  // MARK: Filter gradient

  /// Channels of a work-item.
  private var group: Int { max(1, 256 / width) * width }
  var groups: Int { (g.c + group - 1) / group }

  var filterGradient: [String] {
    common + ["FILTER_GRADIENT", "QB=\(block(g.q, most: 4))"]
  }
  func filterGradientSizes(_ slices: DepthwiseSlices) -> [Int32] {
    // Rows: enough pixels to outweigh fetching the sums.
    [g.n, g.h, g.p, slices.images, group, max(1, min(g.p, 64 / max(g.q, 1)))].map(Int32.init)
  }
}
