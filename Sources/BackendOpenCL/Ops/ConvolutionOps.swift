import COpenCL
import Kernels
public import Tensors

extension OpenCLBackend {
  public func convolution(x: Tensor, w: Tensor, stride: Int, padding: Int, into y: Tensor) {
    let g = ConvolutionGeometry(
      .convolutionForward, input: x.shape, filter: w.shape, output: y.shape, stride: stride,
      padding: padding)
    attempt {
      switch family {
      case .portable:
        try queue.launch(
          portableKernel("convolution_forward"),
          [.buffer(memory(x)), .buffer(memory(w)), .buffer(memory(y)), .ints(g.asInts)],
          global: [y.count])
      case .vector:
        let plan = VectorConvolution(forward: g, vectorWidth: vectorWidth)
        try launch(plan, x: x, w: w, y: y, accumulate: false)
      }
    }
  }

  public func convolutionDataGradient(
    dy: Tensor, w: Tensor, stride: Int, padding: Int, into dx: Tensor, accumulate: Bool
  ) {
    let g = ConvolutionGeometry(
      .convolutionDataGradient, input: dx.shape, filter: w.shape, output: dy.shape,
      stride: stride, padding: padding)
    attempt {
      switch family {
      case .portable:
        try queue.launch(
          portableKernel("convolution_data_gradient"),
          [
            .buffer(memory(dy)), .buffer(memory(w)), .buffer(memory(dx)), .ints(g.asInts),
            .int(accumulate ? 1 : 0),
          ],
          global: [dx.count])
      case .vector:
        let plan = VectorConvolution(dataGradient: g, vectorWidth: vectorWidth)
        try launch(plan, x: dy, w: w, y: dx, accumulate: accumulate)
      }
    }
  }

  public func convolutionFilterGradient(
    x: Tensor, dy: Tensor, stride: Int, padding: Int, into dw: Tensor, accumulate: Bool
  ) {
    let g = ConvolutionGeometry(
      .convolutionFilterGradient, input: x.shape, filter: dw.shape, output: dy.shape,
      stride: stride, padding: padding)
    attempt {
      let plan = FilterGradientPlan(g, family: family, vectorWidth: vectorWidth)
      let partial = makeStorage(plan.slices * dw.count)
      guard let partials = partial.memory else { return }
      switch family {
      case .portable:
        try queue.launch(
          portableKernel("convolution_filter_gradient"),
          [
            .buffer(memory(x)), .buffer(memory(dy)), .buffer(partials), .ints(g.asInts),
            .int(plan.images),
          ],
          global: [dw.count, plan.slices])
      case .vector:
        try queue.launch(
          programs.kernel(
            ProgramKey(
              source: .convolutionVector, kernel: "filter_gradient", defines: plan.defines)),
          [.buffer(memory(x)), .buffer(memory(dy)), .buffer(partials)],
          global: [plan.blocks, plan.slices], local: [1, 1])
      }
      try sumSlices(partials, slices: plan.slices, into: dw, accumulate: accumulate)
    }
  }

  private func portableKernel(_ name: String) throws -> Kernel {
    try programs.kernel(ProgramKey(source: .convolutionPortable, kernel: name, defines: ["V=1"]))
  }

  /// Packs the filter where the plan wants it packed, then convolves.
  private func launch(
    _ plan: VectorConvolution, x: Tensor, w: Tensor, y: Tensor, accumulate: Bool
  ) throws {
    var filter = memory(w)
    var packed: OpenCLStorage?
    if plan.packs {
      packed = makeStorage(plan.taps * plan.c * plan.paddedK)
      guard let memory = packed?.memory else { return }
      try queue.launch(
        programs.kernel(
          ProgramKey(
            source: .convolutionVector, kernel: "pack_filter",
            defines: ["V=\(vectorWidth)", "PACK", "TURN=\(plan.turns ? 1 : 0)"])),
        [
          .buffer(filter), .buffer(memory), .int(w.shape[2]), .int(w.shape[3]),
          .int(plan.paddedK),
        ],
        global: [plan.paddedK, plan.c, plan.taps])
      filter = memory
    }
    try queue.launch(
      programs.kernel(
        ProgramKey(
          source: .convolutionVector, kernel: "convolution",
          defines: plan.defines + ["ACCUMULATE=\(accumulate ? 1 : 0)"])),
      [.buffer(memory(x)), .buffer(filter), .buffer(memory(y))],
      global: [(plan.p + plan.rows - 1) / plan.rows, plan.n], local: [1, 1])
    _ = packed
  }
}

extension ConvolutionGeometry {
  /// The kernel's `Geometry`.
  fileprivate var asInts: [Int32] {
    [n, h, w, c, k, r, s, p, q, stride, padding].map(Int32.init)
  }
}
