/// The one thing that is read of EXIF data: the orientation in the first directory of its TIFF
/// structure. What is cut off, points outside or has another form is taken as upright: a picture is
/// not refused for what stands beside it.
enum Exif {
  /// In JPEG and, by some writers, in WebP before the TIFF structure.
  private static let mark = Array("Exif".utf8) + [0, 0]
  /// Of the structure so many bytes are looked at.
  private static let most = 64 << 10

  static func orientation(_ data: Slice<UnsafeRawBufferPointer>) -> Orientation {
    var bytes = Array(data.prefix(most))
    if bytes.starts(with: mark) { bytes.removeFirst(mark.count) }
    guard bytes.count >= 8, bytes[0] == bytes[1], bytes[0] == 0x49 || bytes[0] == 0x4D else {
      return .upright
    }
    let littleEndian = bytes[0] == 0x49
    /// Of `count` bytes; nil beyond the end.
    func number(_ at: Int, _ count: Int) -> Int? {
      guard at >= 0, at <= bytes.count - count else { return nil }
      let taken = bytes[at..<at + count]
      return (littleEndian ? Array(taken.reversed()) : Array(taken)).reduce(0) { $0 << 8 | Int($1) }
    }
    guard number(2, 2) == 42, let directory = number(4, 4), let entries = number(directory, 2)
    else { return .upright }
    for index in 0..<entries {
      let entry = directory + 2 + 12 * index
      guard let tag = number(entry, 2), let type = number(entry + 2, 2) else { break }
      guard tag == 0x0112 else { continue }
      // SHORT; some writers have LONG.
      let value = type == 3 ? number(entry + 8, 2) : type == 4 ? number(entry + 8, 4) : nil
      return value.flatMap { Orientation($0) } ?? .upright
    }
    return .upright
  }
}

extension UnsafeRawBufferPointer {
  /// `count` bytes, most significant first; nil beyond the end.
  func bigEndian(_ at: Int, _ count: Int) -> Int? {
    guard at >= 0, at <= self.count - count else { return nil }
    return self[at..<at + count].reduce(0) { $0 << 8 | Int($1) }
  }

  func littleEndian(_ at: Int, _ count: Int) -> Int? {
    guard at >= 0, at <= self.count - count else { return nil }
    return self[at..<at + count].reversed().reduce(0) { $0 << 8 | Int($1) }
  }

  /// Whether the ASCII text stands there.
  func says(_ text: String, at: Int = 0) -> Bool {
    let wanted = text.utf8
    return at >= 0 && at <= count - wanted.count
      && self[at..<at + wanted.count].elementsEqual(wanted)
  }

  /// From `start`, `count` bytes or what there is of them.
  func piece(_ start: Int, _ count: Int) -> Slice<UnsafeRawBufferPointer> {
    let first = Swift.min(Swift.max(start, 0), self.count)
    return self[first..<first + Swift.min(Swift.max(count, 0), self.count - first)]
  }
}
