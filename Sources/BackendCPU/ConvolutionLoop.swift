/// The convolution that serves forward and data gradient: input `[N, H, W, C]`, dilated by
/// `dilation`, filter packed as `[R, S, C, KP]` with KP a multiple of 8, output `[N, P, Q, K]`.
struct ConvolutionLoop {
  var n: Int, h: Int, w: Int, c: Int
  var k: Int, r: Int, s: Int, p: Int, q: Int
  var stride: Int, dilation: Int, padH: Int, padW: Int
  var accumulate: Bool

  static let pixels = 4
  var paddedK: Int { (k + 7) / 8 * 8 }
  private var columns: Int { ((q + Self.pixels - 1) / Self.pixels * Self.pixels - 1) * stride + s }
  /// Floats that one output row needs of scratch memory.
  var scratch: Int { r * columns * c }

  /// One output row of one image: copy its input rows, zero-padded, then 4 pixels × 8 channels in
  /// registers at a time.
  func row(
    image: Int, row: Int, x: UnsafePointer<Float>, filter: UnsafePointer<Float>,
    y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    copyRows(image: image, row: row, x: x, to: scratch)
    let out = y + ((image * p + row) * q) * k
    for k0 in Swift.stride(from: 0, to: paddedK, by: 8) {
      for q0 in Swift.stride(from: 0, to: q, by: Self.pixels) {
        var (a0, a1, a2, a3) = (Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero)
        for tap in 0..<r * s {
          let base = scratch + ((tap / s) * columns + q0 * stride + tap % s) * c
          let weights = filter + tap * c * paddedK + k0
          let step = stride * c
          for channel in 0..<c {
            let weight = load(weights + channel * paddedK)
            let at = base + channel
            a0 += weight * at[0]
            a1 += weight * at[step]
            a2 += weight * at[2 * step]
            a3 += weight * at[3 * step]
          }
        }
        put(a0, out, q0, k0)
        put(a1, out, q0 + 1, k0)
        put(a2, out, q0 + 2, k0)
        put(a3, out, q0 + 3, k0)
      }
    }
  }

  @inline(__always)
  private func put(_ sum: Lanes, _ out: UnsafeMutablePointer<Float>, _ column: Int, _ k0: Int) {
    guard column < q else { return }
    let to = out + column * k + k0
    if k0 + 8 <= k {
      store(accumulate ? load(to) + sum : sum, to)
    } else {
      for lane in 0..<k - k0 { to[lane] = accumulate ? to[lane] + sum[lane] : sum[lane] }
    }
  }

  private func copyRows(
    image: Int, row: Int, x: UnsafePointer<Float>, to scratch: UnsafeMutablePointer<Float>
  ) {
    for i in 0..<r {
      let to = scratch + i * columns * c
      let v = row * stride + i - padH
      guard v >= 0, v % dilation == 0, v / dilation < h else {
        to.update(repeating: 0, count: columns * c)
        continue
      }
      let from = x + ((image * h + v / dilation) * w) * c
      for j in 0..<columns {
        let u = j - padW
        if u >= 0, u % dilation == 0, u / dilation < w {
          (to + j * c).update(from: from + u / dilation * c, count: c)
        } else {
          (to + j * c).update(repeating: 0, count: c)
        }
      }
    }
  }
}

/// Sums of one slice of images for the filter gradient: 4 input × 8 output channels in registers.
struct FilterGradientLoop {
  let h: Int, w: Int, c: Int, k: Int, r: Int, s: Int, p: Int, q: Int
  let stride: Int, padding: Int

  var paddedK: Int { (k + 7) / 8 * 8 }

  /// Adds image `image` to `sums` `[R, S, C, KP]`. dy is padded to `[N, P, Q, KP]`.
  func add(
    image: Int, x: UnsafePointer<Float>, dy: UnsafePointer<Float>,
    to sums: UnsafeMutablePointer<Float>
  ) {
    for tap in 0..<r * s {
      let (tapRow, tapColumn) = (tap / s - padding, tap % s - padding)
      // The output columns whose input column is inside the image.
      let first = tapColumn < 0 ? (-tapColumn + stride - 1) / stride : 0
      let last = min(q, (w - tapColumn + stride - 1) / stride)
      guard first < last else { continue }
      for c0 in Swift.stride(from: 0, to: c, by: 4) {
        let width = min(4, c - c0)
        for k0 in Swift.stride(from: 0, to: paddedK, by: 8) {
          let out = sums + (tap * c + c0) * paddedK + k0
          var (a0, a1, a2, a3) = (Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero)
          // Beyond the last channel the last one is read again, and its sum dropped.
          let (i1, i2, i3) = (min(1, width - 1), min(2, width - 1), min(3, width - 1))
          for row in 0..<p {
            let v = row * stride + tapRow
            guard v >= 0, v < h else { continue }
            var from = x + ((image * h + v) * w + first * stride + tapColumn) * c + c0
            var gradient = dy + ((image * p + row) * q + first) * paddedK + k0
            for _ in first..<last {
              let g = load(gradient)
              a0 += g * from[0]
              a1 += g * from[i1]
              a2 += g * from[i2]
              a3 += g * from[i3]
              from += stride * c
              gradient += paddedK
            }
          }
          store(load(out) + a0, out)
          if width > 1 { store(load(out + paddedK) + a1, out + paddedK) }
          if width > 2 { store(load(out + 2 * paddedK) + a2, out + 2 * paddedK) }
          if width > 3 { store(load(out + 3 * paddedK) + a3, out + 3 * paddedK) }
        }
      }
    }
  }
}
