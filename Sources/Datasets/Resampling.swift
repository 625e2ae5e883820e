/// Area mean: every output pixel is the mean of the input area that it covers, border pixels
/// weighted by the share that is covered. Exact for whole ratios; also defined for enlarging.
enum Resampling {
  /// The largest centered square of `[height, width, 3]`, as `[size, size, 3]`.
  static func centreSquare(_ rgb: [UInt8], width: Int, height: Int, to size: Int) -> [UInt8] {
    let side = min(width, height)
    let left = (width - side) / 2
    let top = (height - side) / 2
    if side == size && width == height { return rgb }
    let spans = (0..<size).map { Span($0, of: size, over: side) }
    var result = [UInt8](repeating: 0, count: size * size * 3)
    for i in 0..<size {
      for j in 0..<size {
        var sums: (Double, Double, Double) = (0, 0, 0)
        for (y, weightY) in spans[i].weights {
          for (x, weightX) in spans[j].weights {
            let at = ((top + y) * width + left + x) * 3
            let weight = weightY * weightX
            sums.0 += weight * Double(rgb[at])
            sums.1 += weight * Double(rgb[at + 1])
            sums.2 += weight * Double(rgb[at + 2])
          }
        }
        let out = (i * size + j) * 3
        result[out] = UInt8(sums.0.rounded())
        result[out + 1] = UInt8(sums.1.rounded())
        result[out + 2] = UInt8(sums.2.rounded())
      }
    }
    return result
  }

  /// Which input positions one output position covers, with weights that sum to 1.
  private struct Span {
    let weights: [(Int, Double)]

    init(_ index: Int, of outputs: Int, over inputs: Int) {
      // In units of 1/outputs of an input pixel, so that whole ratios stay exact.
      let first = index * inputs
      let last = (index + 1) * inputs
      weights = (first / outputs...(last - 1) / outputs).map { position in
        let covered = min(last, (position + 1) * outputs) - max(first, position * outputs)
        return (position, Double(covered) / Double(inputs))
      }
    }
  }
}
