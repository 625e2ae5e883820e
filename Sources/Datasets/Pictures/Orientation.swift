/// How a stored picture has to be turned to stand upright: EXIF's Orientation, 1 to 8 (Exif 2.3,
/// 4.6.4), by what is done to go from upright coordinates to stored ones.
struct Orientation: Sendable, Equatable {
  /// 1: as it is.
  let value: Int

  static let upright = Orientation(1)!

  init?(_ value: Int) {
    guard (1...8).contains(value) else { return nil }
    self.value = value
  }

  /// Rows stand where columns stood.
  var swaps: Bool { value >= 5 }
  /// Stored rows run the other way.
  var flipsRows: Bool { [3, 4, 6, 7].contains(value) }
  /// Stored columns run the other way.
  var flipsColumns: Bool { [2, 3, 7, 8].contains(value) }

  /// `[height, width, 3]` as stored, upright.
  func upright(
    _ rgb: [UInt8], width: Int, height: Int
  ) -> (rgb: [UInt8], width: Int, height: Int) {
    guard value != 1 else { return (rgb, width, height) }
    let (rows, columns) = swaps ? (width, height) : (height, width)
    var result = [UInt8](repeating: 0, count: rgb.count)
    for row in 0..<rows {
      for column in 0..<columns {
        let (u, v) = swaps ? (column, row) : (row, column)
        let y = flipsRows ? height - 1 - u : u
        let x = flipsColumns ? width - 1 - v : v
        for i in 0..<3 { result[(row * columns + column) * 3 + i] = rgb[(y * width + x) * 3 + i] }
      }
    }
    return (result, columns, rows)
  }
}
