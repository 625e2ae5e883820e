import Tensors
import Testing

@Suite struct RandomTests {
  /// The known answers that Random123 publishes for philox4x32-10.
  @Test func philoxGivesThePublishedAnswers() {
    let full = UInt32.max
    let answers: [((UInt32, UInt32, UInt32, UInt32), (UInt32, UInt32), [UInt32])] = [
      ((0, 0, 0, 0), (0, 0), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
      (
        (full, full, full, full), (full, full),
        [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
      ),
      (
        (0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344), (0xa409_3822, 0x299f_31d0),
        [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
      ),
    ]
    for (counter, key, expected) in answers {
      let got = RandomStream.philox(counter, key)
      #expect([got.0, got.1, got.2, got.3] == expected)
    }
  }

  private func words(_ random: RandomStream) -> [UInt32] {
    var random = random
    return (0..<8).map { _ in random.nextWord() }
  }

  @Test func equalKeysGiveEqualNumbersAndOthersDoNot() {
    let base = words(RandomStream(seed: 1, .dataOrder, stream: 2, step: 3))
    #expect(base == words(RandomStream(seed: 1, .dataOrder, stream: 2, step: 3)))
    for other in [
      RandomStream(seed: 2, .dataOrder, stream: 2, step: 3),
      RandomStream(seed: 1 << 32 + 1, .dataOrder, stream: 2, step: 3),
      RandomStream(seed: 1, .augmentation, stream: 2, step: 3),
      RandomStream(seed: 1, .dataOrder, stream: 3, step: 3),
      RandomStream(seed: 1, .dataOrder, stream: 2, step: 4),
    ] { #expect(words(other) != base) }
  }

  @Test func uniformNumbersLieInTheUnitIntervalAndFillIt() {
    var random = RandomStream(seed: 5, .augmentation)
    let numbers = (0..<10_000).map { _ in random.uniform() }
    #expect(numbers.allSatisfy { $0 >= 0 && $0 < 1 })
    // The mean of 10,000 has a deviation of 0.003.
    #expect(abs(numbers.reduce(0, +) / 10_000 - 0.5) < 0.012)
  }

  @Test(arguments: [0, 1, 2, 7, 1000]) func permutationsHoldEachNumberOnce(count: Int) {
    var random = RandomStream(seed: 5, .dataOrder)
    let order = random.permutation(count)
    #expect(order.sorted() == Array(0..<count))
    if count == 1000 { #expect(order != order.sorted()) }
  }

  @Test func belowReachesEveryValue() {
    var random = RandomStream(seed: 5, .dataOrder)
    #expect(Set((0..<1000).map { _ in random.below(9) }) == Set(0..<9))
  }
}
