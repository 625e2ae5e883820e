import Tensors
import TestSupport

extension OpCase {
  static let mean: [Float] = [0.4, 0.5, 0.6], std: [Float] = [0.2, 0.3, 0.25]

  static func bytes(count: Int, size: Int) -> [UInt8] {
    values([count, size, size, 3], 8).map { UInt8(abs($0) * 255) }
  }

  static let image: [OpCase] = [8, 7, 32].map { size in
    let transforms = transforms(size: size)
    return OpCase(
      .gatherImages, "\(size)×\(size), every rotation, flip, crop and exchange", tolerance: 1e-6
    ) { t in
      let y = t.output([transforms.count, size, size, 3])
      let store = t.backend.makeImageStore(
        bytes: bytes(count: 3, size: size), count: 3, height: size, width: size)
      t.backend.gatherImages(store, transforms: transforms, mean: mean, std: std, into: y)
      return [y]
    } expected: {
      [transforms.flatMap { expected($0, size: size) }]
    }
  }

  /// Every rotation, flip and crop; of those of an image with halves, some with each exchange.
  private static func transforms(size: Int) -> [ImageTransform] {
    var all: [ImageTransform] = []
    let crops: [(dy: Int8, dx: Int8)] = [(0, 0), (4, -4), (-3, 2)]
    for turns: UInt8 in 0..<4 {
      for crop in crops {
        for flip in [false, true] {
          all.append(
            ImageTransform(
              index: Int32(turns % 3), dy: crop.dy, dx: crop.dx, flip: flip, quarterTurns: turns))
        }
      }
    }
    guard size % 2 == 0 else { return all }
    for halves: UInt8 in 1..<4 {
      for var transform in all.prefix(9) {
        transform.halves = .init(rawValue: halves)
        all.append(transform)
      }
    }
    // Colors of some, with clipping at both ends.
    guard size == 32 else { return all }
    for i in stride(from: 0, to: all.count, by: 3) {
      all[i].color = ColorTransform(
        matrix: [1.5, -0.25, 0.1, 0.2, 0.7, 0, -0.5, 0.25, 1.75], offset: [0.1, -0.2, 0])
    }
    return all
  }

  /// The same, of parts of images, or with parts missing, or both: those at every corner, of one
  /// pixel, and of all.
  static let regions: [OpCase] = [8, 32].map { size in
    let windows: [PixelRectangle?] = [
      PixelRectangle(top: 0, left: 0, height: size / 2, width: size - 1),
      PixelRectangle(top: size - 3, left: size - 5, height: 3, width: 5), nil,
      PixelRectangle(top: 2, left: size - 1, height: 1, width: 1), .whole(size),
    ]
    let erased: [PixelRectangle?] = [
      nil, PixelRectangle(top: 0, left: 1, height: 2, width: size - 1),
      PixelRectangle(top: size - 1, left: size - 1, height: 1, width: 1),
    ]
    let transforms = transforms(size: size).enumerated().map { at, transform in
      var transform = transform
      transform.window = windows[at % windows.count]
      transform.erased = erased[at % erased.count]
      return transform
    }
    return OpCase(.gatherImages, "\(size)×\(size), windows and what is erased", tolerance: 3e-6) {
      t in
      let y = t.output([transforms.count, size, size, 3])
      let store = t.backend.makeImageStore(
        bytes: bytes(count: 3, size: size), count: 3, height: size, width: size)
      t.backend.gatherImages(store, transforms: transforms, mean: mean, std: std, into: y)
      return [y]
    } expected: {
      [transforms.flatMap { expected($0, size: size) }]
    }
  }

  /// Pixel (i, j) of a part of an image, resized: weights of a tent of the width of a pixel of the
  /// part, of pixels beyond its border those at the border.
  private static func pixel(
    _ i: Int, _ j: Int, of part: PixelRectangle, size: Int, _ byte: (Int, Int) -> Double
  ) -> Double {
    func tent(_ at: Int, _ count: Int) -> [(Int, Double)] {
      let center = (Double(at) + 0.5) * Double(count) / Double(size) - 0.5
      return (-1...count).map { (min(max($0, 0), count - 1), max(0, 1 - abs(center - Double($0)))) }
    }
    var sum = 0.0
    for (row, down) in tent(i, part.height) where down > 0 {
      for (column, across) in tent(j, part.width) where across > 0 {
        sum += down * across * byte(part.top + row, part.left + column)
      }
    }
    return sum
  }

  /// Crop, flip, then turn the whole image, quarter by quarter: each step as an image.
  private static func expected(_ t: ImageTransform, size: Int) -> [Double] {
    typealias Pixel = [Double]
    let source = bytes(count: 3, size: size)
    var image: [[Pixel]] = (0..<size).map { i in
      (0..<size).map { j in
        let (row, column) = (i + Int(t.dy), j + Int(t.dx))
        guard (0..<size).contains(row), (0..<size).contains(column) else { return [0, 0, 0] }
        let pixel = (0..<3).map { channel in
          Self.pixel(row, column, of: t.window ?? .whole(size), size: size) {
            Double(source[((Int(t.index) * size + $0) * size + $1) * 3 + channel])
          }
        }
        guard let color = t.color?.values.map({ Double($0) }) else { return pixel }
        return (0..<3).map { row in
          let value = (0..<3).reduce(color[9 + row]) { $0 + color[3 * row + $1] * pixel[$1] / 255 }
          return min(max(value, 0), 1) * 255
        }
      }
    }
    if t.flip { image = image.map { $0.reversed() } }
    if let gone = t.erased {
      // The color that becomes 0.
      for i in gone.top..<gone.top + gone.height {
        for j in gone.left..<gone.left + gone.width { image[i][j] = mean.map { Double($0) * 255 } }
      }
    }
    for _ in 0..<t.quarterTurns {
      // Counter-clockwise: the last column becomes the first row.
      image = (0..<size).map { i in (0..<size).map { j in image[j][size - 1 - i] } }
    }
    func exchanged<Element>(_ list: [Element]) -> [Element] {
      Array(list.suffix(size / 2) + list.prefix(size / 2))
    }
    if t.halves.contains(.rows) { image = exchanged(image) }
    if t.halves.contains(.columns) { image = image.map(exchanged) }
    return image.joined().flatMap { pixel in
      pixel.enumerated().map { ($1 / 255 - Double(mean[$0])) / Double(std[$0]) }
    }
  }
}
