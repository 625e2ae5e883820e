/// The middle of a resized picture, as torchvision and timm make it with Pillow, made from rows as
/// they come: pixel for pixel Pillow's, for a picture that is stored upright or upside down. (One
/// that is stored on its side is resized as stored, so that a value may differ by 1; so may one
/// more than twice as tall as wide, where Pillow 13 goes columns first.)
///
/// Rows first, rounded to bytes, then columns: as Pillow goes, with its weights in fixed point.
final class ResizedCrop: SquareMaker {
  private let size: Int
  private let orientation: Orientation
  /// Of the result's columns and rows, as stored.
  private let columns: ResizeTaps
  private let rows: ResizeTaps
  /// One input row at the result's width.
  private var narrow: [UInt8]
  /// `[size, size, 3]`, as stored.
  private var sums: [Int32]
  private var row = 0
  /// The first output row that later input rows add to.
  private var output = 0

  /// - Parameters: as `CenterSquare`'s.
  init(
    width: Int, height: Int, shorterSide: Int, size: Int, _ filter: ResizeFilter,
    _ orientation: Orientation
  ) {
    precondition(shorterSide >= size, "ResizedCrop: \(size) of \(shorterSide) pixels")
    (self.size, self.orientation) = (size, orientation)
    let (wide, high) =
      width <= height
      ? (shorterSide, shorterSide * height / width) : (shorterSide * width / height, shorterSide)
    /// As Python's round(), halves to even; from the other side where the stored picture runs so.
    func first(_ resized: Int, flipped: Bool) -> Int {
      let margin = resized - size
      let half = margin / 2
      let before = margin % 2 == 0 ? half : half + half % 2
      return flipped ? margin - before : before
    }
    columns = ResizeTaps(
      of: wide, over: width, from: first(wide, flipped: orientation.flipsColumns), count: size,
      filter)
    rows = ResizeTaps(
      of: high, over: height, from: first(high, flipped: orientation.flipsRows), count: size, filter
    )
    narrow = [UInt8](repeating: 0, count: size * 3)
    sums = [Int32](repeating: 1 << (ResizeTaps.bits - 1), count: size * size * 3)
  }

  func take(_ rgb: UnsafePointer<UInt8>) {
    let position = row
    row += 1
    while output < size && rows.end(output) <= position { output += 1 }
    guard output < size, rows.first[output] <= position else { return }
    shrink(rgb)
    var index = output
    while index < size && rows.first[index] <= position {
      let weight = rows.weights[rows.start[index] + position - rows.first[index]]
      let at = index * narrow.count
      narrow.withUnsafeBufferPointer { narrow in
        sums.withUnsafeMutableBufferPointer { sums in
          for i in narrow.indices { sums[at + i] &+= weight &* Int32(narrow[i]) }
        }
      }
      index += 1
    }
  }

  private func shrink(_ rgb: UnsafePointer<UInt8>) {
    columns.weights.withUnsafeBufferPointer { weights in
      columns.start.withUnsafeBufferPointer { start in
        columns.first.withUnsafeBufferPointer { first in
          narrow.withUnsafeMutableBufferPointer { narrow in
            for column in 0..<size {
              var (red, green, blue) = (ResizeTaps.half, ResizeTaps.half, ResizeTaps.half)
              var pixel = rgb + 3 * first[column]
              for tap in start[column]..<start[column + 1] {
                red &+= weights[tap] &* Int32(pixel[0])
                green &+= weights[tap] &* Int32(pixel[1])
                blue &+= weights[tap] &* Int32(pixel[2])
                pixel += 3
              }
              narrow[3 * column] = ResizeTaps.byte(red)
              narrow[3 * column + 1] = ResizeTaps.byte(green)
              narrow[3 * column + 2] = ResizeTaps.byte(blue)
            }
          }
        }
      }
    }
  }

  var pixels: [UInt8] {
    orientation.upright(sums.map(ResizeTaps.byte), width: size, height: size).rgb
  }
}

/// Which inputs each output position reads, with weights in fixed point that sum to about 1.
struct ResizeTaps {
  /// Behind the binary point.
  static let bits = 22
  static let half = Int32(1) << (bits - 1)

  private(set) var first: [Int] = []
  /// Into `weights`; one more than there are outputs.
  private(set) var start = [0]
  private(set) var weights: [Int32] = []

  /// - Parameters:
  ///   - outputs: positions of the whole result, of which those from `from` on are wanted.
  init(of outputs: Int, over inputs: Int, from: Int, count: Int, _ filter: ResizeFilter) {
    let scale = Double(inputs) / Double(outputs)
    let filterScale = max(scale, 1)
    let support = filter.support * filterScale
    for output in from..<from + count {
      let center = (Double(output) + 0.5) * scale
      let begin = max(0, Int(center - support + 0.5))
      let end = min(inputs, Int(center + support + 0.5))
      let exact = (begin..<end).map {
        filter.weight((Double($0) - center + 0.5) * (1 / filterScale))
      }
      let sum = exact.reduce(0, +)
      first.append(begin)
      weights += exact.map { Self.fixed(sum == 0 ? $0 : $0 / sum) }
      start.append(weights.count)
    }
  }

  /// Behind the last input of an output.
  func end(_ output: Int) -> Int { first[output] + start[output + 1] - start[output] }

  private static func fixed(_ weight: Double) -> Int32 {
    let scaled = weight * Double(1 << bits)
    return Int32(weight < 0 ? scaled - 0.5 : scaled + 0.5)
  }

  static func byte(_ sum: Int32) -> UInt8 { UInt8(clamping: sum >> bits) }
}
