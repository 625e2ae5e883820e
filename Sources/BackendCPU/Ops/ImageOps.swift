public import Tensors

extension CPUBackend {
  public func gatherImages(
    _ store: ImageStore, transforms: [ImageTransform], mean: [Float], std: [Float],
    into y: Tensor
  ) {
    let g = ImageGeometry(.gatherImages, store: store, transforms: transforms, output: y.shape)
    let bytes = elements(store.storage, UInt8.self)
    let out = pointer(y)
    let scale = std.map { 1 / (255 * $0) }
    let shift = zip(mean, std).map { -$0 / $1 }
    parallel(over: g.n, chunk: 8) { samples in
      for n in samples {
        let t = transforms[n]
        let down = t.halves.contains(.rows) ? g.size / 2 : 0
        let right = t.halves.contains(.columns) ? g.size / 2 : 0
        for i in 0..<g.size {
          for j in 0..<g.size {
            var (row, column) = ((i + down) % g.size, (j + right) % g.size)
            for _ in 0..<t.quarterTurns { (row, column) = (column, g.size - 1 - row) }
            if t.flip { column = g.size - 1 - column }
            row += Int(t.dy)
            column += Int(t.dx)
            let inside = row >= 0 && row < g.size && column >= 0 && column < g.size
            let from = ((Int(t.index) * g.size + row) * g.size + column) * 3
            let to = ((n * g.size + i) * g.size + j) * 3
            if inside, let color = t.color?.values {
              for channel in 0..<3 {
                var value = color[9 + channel]
                for other in 0..<3 {
                  value += color[3 * channel + other] * (Float(bytes[from + other]) / 255)
                }
                out[to + channel] = min(max(value, 0), 1) * 255 * scale[channel] + shift[channel]
              }
              continue
            }
            for channel in 0..<3 {
              let byte = inside ? Float(bytes[from + channel]) : 0
              out[to + channel] = byte * scale[channel] + shift[channel]
            }
          }
        }
      }
    }
  }
}
