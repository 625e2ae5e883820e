/// What a random number is for. Each purpose is a stream of its own, so that adding one
/// changes no other. The raw values are part of every result: never renumber.
public enum RandomPurpose: UInt32, Sendable {
  case initialWeights = 1
  case dataOrder = 2
  case augmentation = 3
  case evaluationOrder = 4
  case validationSplit = 5
  case syntheticImages = 6
  case relabeling = 7
  case diagnostics = 8
  case commonClasses = 9
  case channelOrder = 10
  case copies = 11
  /// 12 was `channelMasks`.
  case augmentationSteps = 13
  case certificatePower = 14
  case simplex = 15
  case corruption = 16
}

/// Counter-based random numbers: Philox 4×32-10 (Salmon et al., "Parallel Random Numbers: As Easy
/// as 1, 2, 3", SC 2011), keyed by (seed, purpose, stream, step). The same numbers on every
/// machine.
public struct RandomStream: RandomNumberGenerator, Sendable {
  private var counter: (UInt32, UInt32, UInt32, UInt32)
  private let key: (UInt32, UInt32)
  private var block: (UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0)
  private var used = 4

  /// - Parameters:
  ///   - seed: the training's.
  ///   - purpose: what is drawn.
  ///   - stream: what tells apart draws of one purpose: a task, a parameter, an image.
  ///   - step: position in time: an epoch, a training step.
  public init(seed: UInt64, _ purpose: RandomPurpose, stream: UInt32 = 0, step: UInt32 = 0) {
    key = (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    counter = (0, step, stream, purpose.rawValue)
  }

  public mutating func nextWord() -> UInt32 {
    if used == 4 {
      block = Self.philox(counter, key)
      counter.0 &+= 1
      used = 0
    }
    defer { used += 1 }
    switch used {
    case 0: return block.0
    case 1: return block.1
    case 2: return block.2
    default: return block.3
    }
  }

  public mutating func next() -> UInt64 {
    let low = UInt64(nextWord())
    return UInt64(nextWord()) << 32 | low
  }

  /// Uniform in [0, 1), 24 bits.
  public mutating func uniform() -> Float { Float(nextWord() >> 8) * 0x1p-24 }

  /// Uniform in 0..<bound, by the multiply-shift method (bias below bound / 2³²).
  public mutating func below(_ bound: Int) -> Int {
    Int((UInt64(nextWord()) * UInt64(bound)) >> 32)
  }

  /// The numbers 0..<count in random order (Fisher-Yates).
  public mutating func permutation(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    var i = count - 1
    while i > 0 {
      order.swapAt(i, below(i + 1))
      i -= 1
    }
    return order
  }

  /// Ten rounds of Philox 4×32.
  package static func philox(
    _ counter: (UInt32, UInt32, UInt32, UInt32), _ key: (UInt32, UInt32)
  ) -> (UInt32, UInt32, UInt32, UInt32) {
    var c = counter
    var k = key
    for _ in 0..<10 {
      let a = UInt64(c.0) * 0xD251_1F53
      let b = UInt64(c.2) * 0xCD9E_8D57
      c = (
        UInt32(truncatingIfNeeded: b >> 32) ^ c.1 ^ k.0, UInt32(truncatingIfNeeded: b),
        UInt32(truncatingIfNeeded: a >> 32) ^ c.3 ^ k.1, UInt32(truncatingIfNeeded: a)
      )
      k = (k.0 &+ 0x9E37_79B9, k.1 &+ 0xBB67_AE85)
    }
    return c
  }
}
