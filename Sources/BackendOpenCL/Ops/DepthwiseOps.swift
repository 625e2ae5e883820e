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
        let plan = PortableDepthwise(g)
        try launch(
          depthwiseKernel(.forward, g) { plan.forward }, buffers + [.ints(g.asInts)],
          over: [plan.forwardItems])
      case .vector:
        let plan = VectorDepthwise(g, nativeWidth: vectorWidth)
        try queue.launch(
          depthwiseKernel(.forward, g) { plan.forward }, buffers + [.ints(plan.forwardSizes)],
          global: [plan.items(rows: g.p, columns: g.q), g.n], local: [1, 1])
      }
    }
  }

  public func depthwiseConvolution(
    x: Tensor, w: Tensor, stride: Int, padding: Int, following: FollowingNormalization,
    into y: Tensor
  ) {
    let g = DepthwiseGeometry(
      .depthwiseForward, input: x.shape, filter: w.shape, output: y.shape, stride: stride,
      padding: padding)
    let plan = VectorDepthwise(g, nativeWidth: vectorWidth)
    guard family == .vector, plan.hasWholeVectors, following.residual == nil else {
      let plain = makeTensor(y.shape)
      depthwiseConvolution(x: x, w: w, stride: stride, padding: padding, into: plain)
      batchNorm(x: plain, following.normalization, residual: following.residual, into: y)
      return
    }
    let norm = following.normalization
    attempt {
      try queue.launch(
        depthwiseKernel(.normalized(norm.activation), g) {
          plan.forward + ["NORMALIZED=1", "ACTIVATION=\(norm.activation.code)"]
        },
        [
          .buffer(memory(x)), .buffer(memory(w)), .buffer(memory(y)), .ints(plan.forwardSizes),
          .buffer(memory(norm.mean)), .buffer(memory(norm.variance)),
          .buffer(memory(norm.gamma)), .buffer(memory(norm.beta)), .float(norm.epsilon),
        ],
        global: [plan.items(rows: g.p, columns: g.q), g.n], local: [1, 1])
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
        let plan = PortableDepthwise(g)
        try launch(
          depthwiseKernel(.dataGradient(accumulate: accumulate), g) { plan.dataGradient },
          buffers + [.ints(g.asInts), .int(accumulate ? 1 : 0)],
          over: [plan.dataGradientItems])
      case .vector:
        let plan = VectorDepthwise(g, nativeWidth: vectorWidth)
        try queue.launch(
          depthwiseKernel(.dataGradient(accumulate: accumulate), g) {
            plan.dataGradient(accumulate: accumulate)
          },
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
      let slicing = DepthwiseSlices(images: g.n)
      let partial = makeStorage(slicing.count * dw.count)
      guard let partials = partial.memory else { return }
      let buffers: [KernelArgument] = [
        .buffer(memory(x)), .buffer(memory(dy)), .buffer(partials),
      ]
      switch family {
      case .portable:
        let plan = PortableDepthwise(g)
        try queue.launch(
          depthwiseKernel(.filterGradient, g) { plan.filterGradient },
          buffers + [.ints(g.asInts), .int(slicing.images)],
          global: plan.filterGradientItems(slices: slicing.count), local: plan.group)
      case .vector:
        let plan = VectorDepthwise(g, nativeWidth: vectorWidth)
        try queue.launch(
          depthwiseKernel(.filterGradient, g) { plan.filterGradient },
          buffers + [.ints(plan.filterGradientSizes(slicing))],
          global: [plan.groups, slicing.count], local: [1, 1])
      }
      try sumSlices(partials, slices: slicing.count, into: dw, accumulate: accumulate)
    }
  }

  private func depthwiseKernel(
    _ pass: DepthwiseKernelKey.Pass, _ g: DepthwiseGeometry, _ defines: () -> [String]
  ) throws -> Kernel {
    try memos(DepthwiseKernelKey(pass: pass, geometry: g)) {
      let portable = family == .portable
      let name =
        switch pass {
        case .forward where portable: "depthwise_forward"
        case .dataGradient where portable: "depthwise_data_gradient"
        case .filterGradient: "depthwise_filter_gradient"
        default: "depthwise"
        }
      return try programs.kernel(
        ProgramKey(
          source: portable ? .depthwisePortable : .depthwise, kernel: name, defines: defines()))
    }
  }
}

/// What a program of a depthwise convolution depends on.
struct DepthwiseKernelKey: Hashable {
  enum Pass: Hashable {
    case forward
    case normalized(Activation)
    case dataGradient(accumulate: Bool)
    case filterGradient
  }
  let pass: Pass
  let geometry: DepthwiseGeometry
}

extension DepthwiseGeometry {
  /// The portable kernels' `Geometry`.
  fileprivate var asInts: [Int32] { [n, h, w, c, p, q].map(Int32.init) }
}
