// Max pooling as its formula says; see `Oracle`.

extension Oracle {
  /// The largest of each window and its place in it, r·window + s; the first of equals. A NaN is
  /// larger than anything.
  public static func maxPool(
    _ x: Array4, window: Int, stride: Int, padding: Int
  ) -> (y: Array4, places: Array4) {
    func size(_ axis: Int) -> Int { (x.sizes[axis] + 2 * padding - window) / stride + 1 }
    var y = Array4(zeros: [x.sizes[0], size(1), size(2), x.sizes[3]])
    var places = y
    eachPooled(y.sizes, (1, 1), 1) { n, p, q, c, _, _ in
      var found: (value: Double, place: Int)?
      for place in 0..<window * window {
        let h = p * stride - padding + place / window
        let w = q * stride - padding + place % window
        guard h >= 0, h < x.sizes[1], w >= 0, w < x.sizes[2] else { continue }
        let value = x[n, h, w, c]
        if found == nil || value > found!.value || value.isNaN { found = (value, place) }
      }
      y[n, p, q, c] = found!.value
      places[n, p, q, c] = Double(found!.place)
    }
    return (y, places)
  }

  public static func maxPoolBackward(
    _ dy: Array4, places: Array4, input: [Int], window: Int, stride: Int, padding: Int
  ) -> Array4 {
    var dx = Array4(zeros: input)
    eachPooled(dy.sizes, (1, 1), 1) { n, p, q, c, _, _ in
      let place = Int(places[n, p, q, c])
      dx[n, p * stride - padding + place / window, q * stride - padding + place % window, c] +=
        dy[n, p, q, c]
    }
    return dx
  }
}
