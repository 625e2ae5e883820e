public import Tensors

extension CPUBackend {
  public func shortcut(x: Tensor, stride: Int, into y: Tensor) {
    let g = ShortcutGeometry(.shortcutForward, input: x.shape, output: y.shape, stride: stride)
    let (from, to) = (pointer(x), pointer(y))
    parallel(over: g.n * g.p, chunk: 16) { rows in
      for row in rows {
        for q in 0..<g.q {
          let out = to + (row * g.q + q) * g.k
          let at = from + ((row / g.p * g.h + row % g.p * stride) * g.w + q * stride) * g.c
          out.update(repeating: 0, count: g.k)
          (out + g.offset).update(from: at, count: g.c)
        }
      }
    }
  }

  public func shortcutBackward(dy: Tensor, stride: Int, into dx: Tensor, accumulate: Bool) {
    let g = ShortcutGeometry(.shortcutBackward, input: dx.shape, output: dy.shape, stride: stride)
    let (from, to) = (pointer(dy), pointer(dx))
    parallel(over: g.n * g.h, chunk: 16) { rows in
      for row in rows {
        let (n, h) = (row / g.h, row % g.h)
        for w in 0..<g.w {
          let out = to + (row * g.w + w) * g.c
          let read = h % stride == 0 && w % stride == 0
          let at = from + ((n * g.p + h / stride) * g.q + w / stride) * g.k + g.offset
          for c in 0..<g.c {
            let d = read ? at[c] : 0
            out[c] = accumulate ? out[c] + d : d
          }
        }
      }
    }
  }
}
