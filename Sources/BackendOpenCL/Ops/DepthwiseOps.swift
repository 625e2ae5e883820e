import COpenCL
import Kernels
public import Tensors

extension OpenCLBackend {
  public func depthwiseConvolution(
    x: Tensor, w: Tensor, stride: Int, padding: Int, into y: Tensor
  ) {
    let g = DepthwiseGeometry(
      .depthwiseForward, input: x.shape, filter: w.shape, output: y.shape, stride: stride,
      padding: padding)
    attempt {
      let buffers: [KernelArgument] = [.buffer(memory(x)), .buffer(memory(w)), .buffer(memory(y))]
      switch family {
      case .portable:
        try launch(portable("depthwise_forward"), buffers + [.ints(g.asInts)], over: [y.count])
      case .vector:
        let plan = VectorDepthwise(g, nativeWidth: vectorWidth)
        try queue.launch(
          vector("depthwise", plan.forward), buffers + [.ints(plan.forwardSizes)],
          global: [plan.items(rows: g.p, columns: g.q), g.n], local: [1, 1])
      }
    }
  }

  public func depthwiseDataGradient(
    dy: Tensor, w: Tensor, stride: Int, padding: Int, into dx: Tensor, accumulate: Bool
  ) {
    let g = DepthwiseGeometry(
      .depthwiseDataGradient, input: dx.shape, filter: w.shape, output: dy.shape,
      stride: stride, padding: padding)
    attempt {
      let buffers: [KernelArgument] = [
        .buffer(memory(dy)), .buffer(memory(w)), .buffer(memory(dx)),
      ]
      switch family {
      case .portable:
        try launch(
          portable("depthwise_data_gradient"),
          buffers + [.ints(g.asInts), .int(accumulate ? 1 : 0)], over: [dx.count])
      case .vector:
        let plan = VectorDepthwise(g, nativeWidth: vectorWidth)
        try queue.launch(
          vector("depthwise", plan.dataGradient(accumulate: accumulate)),
          buffers + [.ints(plan.dataGradientSizes)],
          global: [plan.items(rows: g.h, columns: g.w), g.n], local: [1, 1])
      }
    }
  }

  public func depthwiseFilterGradient(
    x: Tensor, dy: Tensor, stride: Int, padding: Int, into dw: Tensor, accumulate: Bool
  ) {
    let g = DepthwiseGeometry(
      .depthwiseFilterGradient, input: x.shape, filter: dw.shape, output: dy.shape,
      stride: stride, padding: padding)
    attempt {
      let plan = VectorDepthwise(g, nativeWidth: vectorWidth)
      let partial = makeStorage(plan.slices * dw.count)
      guard let partials = partial.memory else { return }
      let buffers: [KernelArgument] = [
        .buffer(memory(x)), .buffer(memory(dy)), .buffer(partials),
      ]
      switch family {
      case .portable:
        try launch(
          portable("depthwise_filter_gradient"),
          buffers + [.ints(g.asInts), .int(plan.images)], over: [dw.count, plan.slices])
      case .vector:
        try queue.launch(
          vector("depthwise_filter_gradient", plan.filterGradient),
          buffers + [.ints(plan.filterGradientSizes)],
          global: [plan.groups, plan.slices], local: [1, 1])
      }
      try sumSlices(partials, slices: plan.slices, into: dw, accumulate: accumulate)
    }
  }

  private func portable(_ name: String) throws -> Kernel {
    try programs.kernel(
      ProgramKey(source: .depthwise, kernel: name, defines: ["V=1", "PORTABLE"]))
  }

  private func vector(_ name: String, _ defines: [String]) throws -> Kernel {
    try programs.kernel(ProgramKey(source: .depthwise, kernel: name, defines: defines))
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
    // A block of dx columns from u on reads the dy columns b with 0 ≤ b·stride + s − padding − u
    // < block for some tap s.
    let first = Self.floor(g.padding - g.s + g.stride, over: g.stride)
    let last = Self.floor(block - 1 + g.padding, over: g.stride)
    return common + [
      "DATA_GRADIENT", "QB=\(block)", "FIRST=(\(first))", "COLUMNS=\(last - first + 1)",
      "ACCUMULATE=\(accumulate ? 1 : 0)",
    ]
  }
  var dataGradientSizes: [Int32] { [g.p, g.h, rows(g.h, g.w)].map(Int32.init) }

  private static func floor(_ a: Int, over b: Int) -> Int {
    a >= 0 ? a / b : -((-a + b - 1) / b)
  }

  // MARK: Filter gradient

  /// Images a slice: at most 64 slices.
  var images: Int { max(1, (g.n + 63) / 64) }
  var slices: Int { max(1, (g.n + images - 1) / images) }
  /// Channels of a work-item.
  private var group: Int { max(1, 256 / width) * width }
  var groups: Int { (g.c + group - 1) / group }

  var filterGradient: [String] {
    common + ["FILTER_GRADIENT", "QB=\(block(g.q, most: 4))"]
  }
  var filterGradientSizes: [Int32] {
    // Rows: enough pixels to outweigh fetching the sums.
    [g.n, g.h, g.p, images, group, max(1, min(g.p, 64 / max(g.q, 1)))].map(Int32.init)
  }
}

extension DepthwiseGeometry {
  /// The kernel's `Geometry`.
  fileprivate var asInts: [Int32] {
    [n, h, w, c, r, s, p, q, stride, padding].map(Int32.init)
  }
}
