/// The largest centered square of a picture at another size, made from its rows as they come: a
/// picture of any size is never whole in memory.
///
/// Area mean: every output pixel is the mean of the input area that it covers, border pixels
/// weighted by the share that is covered. Exact for whole ratios; also defined for enlarging.
final class CenterSquare: SquareMaker {
  private let size: Int
  private let orientation: Orientation
  private let side: Int
  /// Of the square in the stored picture.
  private let top: Int
  private let left: Int
  private let spans: Spans
  /// `[size, size, 3]`, as stored.
  private var sums: [Double]
  /// Weights of one input row in one output row.
  private var weights: [Double]
  private var row = 0
  /// The first output row that the next input row adds to.
  private var output = 0

  /// - Parameters:
  ///   - width: of the rows, pixels; as stored, like `height`.
  ///   - orientation: how the result is turned.
  init(width: Int, height: Int, to size: Int, _ orientation: Orientation = .upright) {
    (self.size, self.orientation) = (size, orientation)
    side = min(width, height)
    let (above, before) = ((height - side) / 2, (width - side) / 2)
    // Where the stored picture runs the other way, the pixel left over is on its other side.
    top = orientation.flipsRows ? height - side - above : above
    left = orientation.flipsColumns ? width - side - before : before
    spans = Spans(of: size, over: side)
    sums = [Double](repeating: 0, count: size * size * 3)
    weights = [Double](repeating: 0, count: spans.weights.count)
  }

  /// The next row, RGB.
  func take(_ rgb: UnsafePointer<UInt8>) {
    let position = row - top
    row += 1
    guard position >= 0 && position < side else { return }
    while spans.first[output] + spans.count(output) <= position { output += 1 }
    var index = output
    while index < size && spans.first[index] <= position {
      let weight = spans.weights[spans.start[index] + position - spans.first[index]]
      add(rgb + 3 * left, to: index, weight)
      index += 1
    }
  }

  private func add(_ rgb: UnsafePointer<UInt8>, to index: Int, _ rowWeight: Double) {
    let size = size
    spans.weights.withUnsafeBufferPointer { columnWeights in
      weights.withUnsafeMutableBufferPointer { weights in
        for i in weights.indices { weights[i] = rowWeight * columnWeights[i] }
      }
    }
    weights.withUnsafeBufferPointer { weights in
      spans.first.withUnsafeBufferPointer { first in
        spans.start.withUnsafeBufferPointer { start in
          sums.withUnsafeMutableBufferPointer { sums in
            for column in 0..<size {
              let out = (index * size + column) * 3
              var (red, green, blue) = (sums[out], sums[out + 1], sums[out + 2])
              var pixel = rgb + 3 * first[column]
              for tap in start[column]..<start[column + 1] {
                let weight = weights[tap]
                red += weight * Double(pixel[0])
                green += weight * Double(pixel[1])
                blue += weight * Double(pixel[2])
                pixel += 3
              }
              (sums[out], sums[out + 1], sums[out + 2]) = (red, green, blue)
            }
          }
        }
      }
    }
  }

  /// `[size, size, 3]`, upright.
  /// - Precondition: all rows were taken.
  var pixels: [UInt8] {
    orientation.upright(sums.map { UInt8($0.rounded()) }, width: size, height: size).rgb
  }
}

/// Which input positions each output position covers, with weights that sum to 1.
private struct Spans {
  var first: [Int] = []
  /// Into `weights`; one more than there are outputs.
  var start = [0]
  var weights: [Double] = []

  init(of outputs: Int, over inputs: Int) {
    for index in 0..<outputs {
      // In units of 1/outputs of an input pixel, so that whole ratios stay exact.
      let begin = index * inputs
      let end = (index + 1) * inputs
      first.append(begin / outputs)
      for position in begin / outputs...(end - 1) / outputs {
        let covered = min(end, (position + 1) * outputs) - max(begin, position * outputs)
        weights.append(Double(covered) / Double(inputs))
      }
      start.append(weights.count)
    }
  }

  func count(_ output: Int) -> Int { start[output + 1] - start[output] }
}

enum Resampling {
  /// `[height, width, 3]` as `[size, size, 3]`.
  static func square(
    _ rgb: [UInt8], width: Int, height: Int, to size: Int, _ framing: Framing = .square
  ) -> [UInt8] {
    if framing == .square && width == size && height == size { return rgb }
    let square = framing.maker(width: width, height: height, size: size)
    rgb.withUnsafeBufferPointer { rgb in
      for row in 0..<height { square.take(rgb.baseAddress! + row * width * 3) }
    }
    return square.pixels
  }
}
