public import Tensors

extension CPUBackend {
  public func gatherImages(
    _ store: ImageStore, transforms: [ImageTransform], mean: [Float], std: [Float],
    into y: Tensor
  ) {
    let g = ImageGeometry(.gatherImages, store: store, transforms: transforms, output: y.shape)
    let images = elements(store.storage, UInt8.self)
    let out = pointer(y)
    let scale = std.map { 1 / (255 * $0) }
    let shift = zip(mean, std).map { -$0 / $1 }
    let pixels = g.size * g.size
    images.withUnsafeBufferPointer { images in
      guard let images = images.baseAddress else { return }
      parallel(over: g.n, chunk: 8) { samples in
        for n in samples {
          transforms[n].apply(
            images + Int(transforms[n].index) * pixels * 3, g.size, scale, shift,
            out + n * pixels * 3)
        }
      }
    }
  }
}

extension ImageTransform {
  /// One image of bytes, as `gatherImages` changes it.
  fileprivate func apply(
    _ image: UnsafePointer<UInt8>, _ size: Int, _ scale: [Float], _ shift: [Float],
    _ out: UnsafeMutablePointer<Float>
  ) {
    let down = halves.contains(.rows) ? size / 2 : 0
    let right = halves.contains(.columns) ? size / 2 : 0
    for i in 0..<size {
      for j in 0..<size {
        let to = out + (i * size + j) * 3
        var (row, column) = ((i + down) % size, (j + right) % size)
        for _ in 0..<quarterTurns { (row, column) = (column, size - 1 - row) }
        if let erased, erased.contains(row, column) {
          for channel in 0..<3 { to[channel] = 0 }
          continue
        }
        if flip { column = size - 1 - column }
        row += Int(dy)
        column += Int(dx)
        guard row >= 0, row < size, column >= 0, column < size else {
          for channel in 0..<3 { to[channel] = shift[channel] }
          continue
        }
        var pixel: (Float, Float, Float)
        if let window {
          pixel = sampled(image, size, window, row, column)
        } else {
          let from = image + (row * size + column) * 3
          pixel = (Float(from[0]), Float(from[1]), Float(from[2]))
        }
        if let color { pixel = color.changed(pixel) }
        to[0] = pixel.0 * scale[0] + shift[0]
        to[1] = pixel.1 * scale[1] + shift[1]
        to[2] = pixel.2 * scale[2] + shift[2]
      }
    }
  }
}

extension ColorTransform {
  /// Of bytes.
  fileprivate func changed(_ pixel: (Float, Float, Float)) -> (Float, Float, Float) {
    func value(_ row: Int) -> Float {
      var sum = values[9 + row]
      sum += values[3 * row] * (pixel.0 / 255)
      sum += values[3 * row + 1] * (pixel.1 / 255)
      sum += values[3 * row + 2] * (pixel.2 / 255)
      return min(max(sum, 0), 1) * 255
    }
    return (value(0), value(1), value(2))
  }
}

/// The pixel (row, column) of a window that is resized to the whole image, bilinearly.
private func sampled(
  _ image: UnsafePointer<UInt8>, _ size: Int, _ window: PixelRectangle, _ row: Int, _ column: Int
) -> (Float, Float, Float) {
  /// Two neighbors, and how much of the second.
  func between(_ at: Int, first: Int, count: Int) -> (Int, Int, Float) {
    let exact = (Float(at) + 0.5) * (Float(count) / Float(size)) + (Float(first) - 0.5)
    let clamped = min(max(exact, Float(first)), Float(first + count - 1))
    let low = Int(clamped)
    return (low, min(low + 1, first + count - 1), clamped - Float(low))
  }
  let (top, bottom, down) = between(row, first: window.top, count: window.height)
  let (left, right, across) = between(column, first: window.left, count: window.width)
  func value(_ channel: Int) -> Float {
    func byte(_ row: Int, _ column: Int) -> Float {
      Float(image[(row * size + column) * 3 + channel])
    }
    let above = byte(top, left) + across * (byte(top, right) - byte(top, left))
    let below = byte(bottom, left) + across * (byte(bottom, right) - byte(bottom, left))
    return above + down * (below - above)
  }
  return (value(0), value(1), value(2))
}

extension PixelRectangle {
  fileprivate func contains(_ row: Int, _ column: Int) -> Bool {
    row >= top && row < top + height && column >= left && column < left + width
  }
}
