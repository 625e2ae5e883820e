public import Tensors

extension CPUBackend {
  public func depthwiseConvolution(
    x: Tensor, w: Tensor, stride: Int, padding: Int, into y: Tensor
  ) {
    let g = DepthwiseGeometry(
      .depthwiseForward, input: x.shape, filter: w.shape, output: y.shape, stride: stride,
      padding: padding)
    let (input, filter, output) = (pointer(x), pointer(w), pointer(y))
    parallel(over: g.n * g.p, chunk: 4) { rows in
      for row in rows {
        let p = row % g.p
        for q in 0..<g.q {
          let to = output + (row * g.q + q) * g.c
          to.update(repeating: 0, count: g.c)
          for r in 0..<g.r {
            let v = p * stride + r - padding
            guard v >= 0, v < g.h else { continue }
            for s in 0..<g.s {
              let u = q * stride + s - padding
              guard u >= 0, u < g.w else { continue }
              multiplyAdd(
                input + ((row / g.p * g.h + v) * g.w + u) * g.c, filter + (r * g.s + s) * g.c,
                to: to, count: g.c)
            }
          }
        }
      }
    }
  }

  /// Gather: each input pixel sums over the outputs that read it.
  public func depthwiseDataGradient(
    dy: Tensor, w: Tensor, stride: Int, padding: Int, into dx: Tensor, accumulate: Bool
  ) {
    let g = DepthwiseGeometry(
      .depthwiseDataGradient, input: dx.shape, filter: w.shape, output: dy.shape,
      stride: stride, padding: padding)
    let (gradient, filter, output) = (pointer(dy), pointer(w), pointer(dx))
    parallel(over: g.n * g.h, chunk: 4) { rows in
      for row in rows {
        for u in 0..<g.w {
          let to = output + (row * g.w + u) * g.c
          if !accumulate { to.update(repeating: 0, count: g.c) }
          for r in 0..<g.r {
            let a = row % g.h + padding - r
            guard a >= 0, a % stride == 0, a / stride < g.p else { continue }
            for s in 0..<g.s {
              let b = u + padding - s
              guard b >= 0, b % stride == 0, b / stride < g.q else { continue }
              multiplyAdd(
                gradient + ((row / g.h * g.p + a / stride) * g.q + b / stride) * g.c,
                filter + (r * g.s + s) * g.c, to: to, count: g.c)
            }
          }
        }
      }
    }
  }

  public func depthwiseFilterGradient(
    x: Tensor, dy: Tensor, stride: Int, padding: Int, into dw: Tensor, accumulate: Bool
  ) {
    let g = DepthwiseGeometry(
      .depthwiseFilterGradient, input: x.shape, filter: dw.shape, output: dy.shape,
      stride: stride, padding: padding)
    let (input, gradient, result) = (pointer(x), pointer(dy), pointer(dw))
    // 16 slices of images, whatever the number of threads; their sums are added in order.
    let images = max(1, (g.n + 15) / 16)
    let slices = (g.n + images - 1) / images
    let partial = makeStorage(slices * dw.count)
    defer { withExtendedLifetime(partial) {} }
    let (sums, size) = (partial.pointer, dw.count)
    parallel(slices) { slice in
      let mine = sums + slice * size
      mine.update(repeating: 0, count: size)
      for row in slice * images * g.p..<min((slice + 1) * images, g.n) * g.p {
        for r in 0..<g.r {
          let v = row % g.p * stride + r - padding
          guard v >= 0, v < g.h else { continue }
          for q in 0..<g.q {
            for s in 0..<g.s {
              let u = q * stride + s - padding
              guard u >= 0, u < g.w else { continue }
              multiplyAdd(
                input + ((row / g.p * g.h + v) * g.w + u) * g.c,
                gradient + (row * g.q + q) * g.c, to: mine + (r * g.s + s) * g.c, count: g.c)
            }
          }
        }
      }
    }
    for i in 0..<size {
      var sum: Float = accumulate ? result[i] : 0
      for slice in 0..<slices { sum += sums[slice * size + i] }
      result[i] = sum
    }
  }

  /// to[i] += a[i]·b[i].
  @inline(__always)
  private func multiplyAdd(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, to: UnsafeMutablePointer<Float>,
    count: Int
  ) {
    var i = 0
    while i + 8 <= count {
      store(load(to + i) + load(a + i) * load(b + i), to + i)
      i += 8
    }
    while i < count {
      to[i] += a[i] * b[i]
      i += 1
    }
  }
}
