/// Files as bad disks, half transfers and bad will make them: a seeded row of changes to a good
/// one.
public struct Mutations: Sequence, IteratorProtocol {
  private let original: [UInt8]
  private var left: Int
  private var state: UInt64

  /// - Parameter count: how many there are.
  public init(of original: [UInt8], count: Int, seed: UInt64 = 1) {
    self.original = original
    left = count
    state = seed
  }

  /// SplitMix64.
  private mutating func next(below bound: Int) -> Int {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return Int((z ^ (z >> 31)) % UInt64(Swift.max(bound, 1)))
  }

  /// Headers stand in front: half of all changes fall into the first 512 bytes.
  private mutating func position(_ count: Int) -> Int {
    next(below: 2) == 0 ? next(below: Swift.min(count, 512)) : next(below: count)
  }

  public mutating func next() -> [UInt8]? {
    guard left > 0 else { return nil }
    left -= 1
    var bytes = original
    for _ in 0...next(below: 3) where !bytes.isEmpty {
      let at = position(bytes.count)
      switch next(below: 9) {
      case 0: bytes[at] ^= 1 << UInt8(next(below: 8))
      case 1: bytes[at] = UInt8(next(below: 256))
      case 2: bytes[at] = [0, 0xFF, 0x7F, 0x80][next(below: 4)]
      case 3: bytes.removeSubrange(at...)
      case 4: bytes.remove(at: at)
      case 5: bytes.insert(UInt8(next(below: 256)), at: at)
      case 6:
        let end = Swift.min(at + 1 + next(below: 64), bytes.count)
        bytes.insert(contentsOf: bytes[at..<end], at: next(below: bytes.count))
      case 7:
        // Numbers in text: longer, negative, huge.
        let digits = bytes.indices.filter { (0x30...0x39).contains(bytes[$0]) && $0 < 4096 }
        guard let digit = digits.isEmpty ? nil : digits[next(below: digits.count)] else { continue }
        let texts = ["9", "-", "99999999999999999999", "e9", "0", ".", "18446744073709551615"]
        bytes.insert(contentsOf: Array(texts[next(below: texts.count)].utf8), at: digit)
      default:
        let end = Swift.min(at + 8, bytes.count)
        for index in at..<end { bytes[index] = UInt8(next(below: 256)) }
      }
    }
    return bytes
  }
}
