public import Tensors

extension CPUBackend {
  public func convolution(
    x: ConvolutionInput, w: Tensor, stride: Int, padding: Int, into y: Tensor, statistics: Bool
  ) -> StatisticsSource {
    let x = materialized(x)
    defer { withExtendedLifetime(x) {} }
    let g = ConvolutionGeometry(
      .convolutionForward, input: x.shape, filter: w.shape, output: y.shape, stride: stride,
      padding: padding)
    let loop = ConvolutionLoop(
      n: g.n, h: g.h, w: g.w, c: g.c, k: g.k, r: g.r, s: g.s, p: g.p, q: g.q, stride: stride,
      dilation: 1, padH: padding, padW: padding, accumulate: false)
    let weights = pointer(w)
    run(loop, x: pointer(x), y: pointer(y)) { tap, channel, k in
      weights[(tap * g.c + channel) * g.k + k]
    }
    return .tensor(y)
  }

  /// A convolution of dy, dilated by the stride, with the filter turned by 180 degrees and its
  /// channels swapped.
  public func convolutionDataGradient(
    dy: OutputGradient, w: Tensor, stride: Int, padding: Int, into dx: Tensor, addend: Tensor?,
    completion: GradientCompletion?
  ) {
    let dy = materialized(dy)
    defer { withExtendedLifetime(dy) {} }
    let g = ConvolutionGeometry(
      .convolutionDataGradient, input: dx.shape, filter: w.shape, output: dy.shape,
      stride: stride, padding: padding)
    let loop = ConvolutionLoop(
      n: g.n, h: g.p, w: g.q, c: g.k, k: g.c, r: g.r, s: g.s, p: g.h, q: g.w, stride: 1,
      dilation: stride, padH: g.r - 1 - padding, padW: g.s - 1 - padding,
      accumulate: addend != nil)
    if let addend, addend.storage !== dx.storage { copy(addend, to: dx) }
    let weights = pointer(w)
    run(loop, x: pointer(dy), y: pointer(dx)) { tap, k, channel in
      weights[((g.r * g.s - 1 - tap) * g.c + channel) * g.k + k]
    }
    if let completion { completeGradient(dx, completion) }
  }

  /// - Parameter weight: of (tap, input channel, output channel) of the loop.
  private func run(
    _ loop: ConvolutionLoop, x: UnsafePointer<Float>, y: UnsafeMutablePointer<Float>,
    weight: (Int, Int, Int) -> Float
  ) {
    let packed = makeStorage(loop.r * loop.s * loop.c * loop.paddedK)
    defer { withExtendedLifetime(packed) {} }
    for tap in 0..<loop.r * loop.s {
      for channel in 0..<loop.c {
        let to = packed.pointer + (tap * loop.c + channel) * loop.paddedK
        for k in 0..<loop.paddedK { to[k] = k < loop.k ? weight(tap, channel, k) : 0 }
      }
    }
    let rows = loop.n * loop.p
    let filter = packed.pointer
    parallel(over: rows, chunk: 8) { range in
      withUnsafeTemporaryAllocation(of: Float.self, capacity: max(loop.scratch, 1)) { scratch in
        for row in range {
          loop.row(
            image: row / loop.p, row: row % loop.p, x: x, filter: filter, y: y,
            scratch: scratch.baseAddress!)
        }
      }
    }
  }

  public func convolutionFilterGradient(
    x: ConvolutionInput, dy: OutputGradient, filter: Shape, stride: Int, padding: Int
  ) -> Tensor {
    let (x, dy) = (materialized(x), materialized(dy))
    let dw = makeTensor(Shape([1] + filter.sizes))
    let g = ConvolutionGeometry(
      .convolutionFilterGradient, input: x.shape, filter: filter, output: dy.shape,
      stride: stride, padding: padding)
    let loop = FilterGradientLoop(
      h: g.h, w: g.w, c: g.c, k: g.k, r: g.r, s: g.s, p: g.p, q: g.q, stride: stride,
      padding: padding)
    let (input, result) = (pointer(x), pointer(dw))
    let padded = paddedChannels(dy, to: loop.paddedK)
    let gradient = padded?.pointer ?? pointer(dy)
    // 16 slices of images, whatever the number of threads; their sums are added in order.
    let images = max(1, (g.n + 15) / 16)
    let slices = (g.n + images - 1) / images
    let size = g.r * g.s * g.c * loop.paddedK
    let partial = makeStorage(slices * size)
    defer { withExtendedLifetime((x, dy, padded, partial)) {} }
    let sums = partial.pointer
    parallel(slices) { slice in
      let mine = sums + slice * size
      mine.update(repeating: 0, count: size)
      for image in slice * images..<min((slice + 1) * images, g.n) {
        loop.add(image: image, x: input, dy: gradient, to: mine)
      }
    }
    for i in 0..<g.r * g.s * g.c {
      for k in 0..<g.k {
        var sum: Float = 0
        for slice in 0..<slices { sum += sums[slice * size + i * loop.paddedK + k] }
        result[i * g.k + k] = sum
      }
    }
    return dw
  }

  public func sumSlices(_ slices: Tensor, into out: Tensor, accumulate: Bool) {
    precondition(
      slices.shape.sizes.dropFirst() == out.shape.sizes[...],
      "sumSlices: \(slices.shape) into \(out.shape)")
    let (from, to, count) = (pointer(slices), pointer(out), out.count)
    for i in 0..<count {
      var sum: Float = accumulate ? to[i] : 0
      for slice in 0..<slices.shape[0] { sum += from[slice * count + i] }
      to[i] = sum
    }
  }

  /// A copy of `[…, K]` as `[…, width]` with zeros, or nil where K is that wide already.
  private func paddedChannels(_ tensor: Tensor, to width: Int) -> CPUStorage? {
    let k = tensor.shape.sizes.last!
    guard k != width else { return nil }
    let rows = tensor.count / max(k, 1)
    let storage = makeStorage(rows * width)
    let (from, to) = (pointer(tensor), storage.pointer)
    to.update(repeating: 0, count: rows * width)
    for row in 0..<rows { (to + row * width).update(from: from + row * k, count: k) }
    return storage
  }
}
