import Analysis
import Certification
import Foundation
import Tensors
import Testing

@Suite struct StatisticsTests {
  /// From statsmodels 0.15, `proportion_confint(k, n, method="wilson")`.
  @Test(arguments: [
    (0, 10, 0.0, 0.27753279986288), (5, 10, 0.236593090512564, 0.763406909487436),
    (340, 1000, 0.311301882305142, 0.369922680410236), (1000, 1000, 0.996173241514445, 1.0),
  ])
  func wilson(_ successes: Int, _ count: Int, _ lower: Double, _ upper: Double) {
    let interval = Proportion.wilson(successes, of: count)!
    #expect(abs(interval.low - lower) < 2e-9 && abs(interval.high - upper) < 2e-9)
  }

  /// How often the interval holds the true difference, by drawing tables: 95 % wanted.
  @Test(arguments: [(200, 0.05, 0.05), (1000, 0.02, 0.05), (300, 0.3, 0.2)])
  func pairedDifferencesCoverTheTruth(_ count: Int, _ b: Double, _ c: Double) {
    var random = RandomStream(seed: 1, .diagnostics)
    var covered = 0
    for _ in 0..<2000 {
      var (onlyFirst, onlySecond) = (0, 0)
      for _ in 0..<count {
        let u = Double(random.uniform())
        if u < b { onlyFirst += 1 } else if u < b + c { onlySecond += 1 }
      }
      let interval = Proportion.pairedDifference(
        onlyFirst: onlyFirst, onlySecond: onlySecond, of: count)
      if interval.low <= b - c && b - c <= interval.high { covered += 1 }
    }
    #expect(0.935...0.975 ~= Double(covered) / 2000, "\(covered)")
  }

  @Test func aFewEqualImagesDoNotProveEquality() {
    #expect(Proportion.pairedDifference(onlyFirst: 0, onlySecond: 0, of: 50).low < -0.01)
    #expect(Proportion.pairedDifference(onlyFirst: 0, onlySecond: 0, of: 1000).low > -0.01)
    let worse = Proportion.pairedDifference(onlyFirst: 10, onlySecond: 110, of: 1000)
    #expect(worse.high < -0.07 && worse.low > -0.13)
  }

  /// All 120 namings of five outputs, one by one.
  @Test func relabelingsAreDrawnFromAllNamings() {
    var random = RandomStream(seed: 4, .diagnostics)
    let names = ["a", "b", "c", "d", "e"]
    let confusion = Confusion(
      classes: names, outputs: names,
      counts: names.map { _ in names.map { _ in random.below(30) } })
    func permutations(_ rest: [Int]) -> [[Int]] {
      rest.isEmpty
        ? [[]]
        : rest.flatMap { first in permutations(rest.filter { $0 != first }).map { [first] + $0 } }
    }
    let all = permutations(Array(0..<5))
    let below = all.filter { order in
      (0..<5).reduce(0) { $0 + confusion.counts[$1][order[$1]] } < confusion.right
    }
    let exact = Double(below.count) / Double(all.count)
    let drawn = Double(confusion.relabelingsBelow(count: 20_000, seed: 0)) / 20_000
    #expect(all.count == 120 && 0.02...0.98 ~= exact)
    #expect(confusion.namings(atMost: 120) == 120 && confusion.namings(atMost: 119) == nil)
    #expect(confusion.namingsBelow() == below.count)
    #expect(abs(drawn - exact) < 0.012, "exact \(exact), drawn \(drawn)")
  }

  /// Three classes of five outputs: 60 namings, each of which two permutations give.
  @Test func classesWithoutImagesMakeNamingsAlike() {
    var random = RandomStream(seed: 5, .diagnostics)
    let names = ["a", "b", "c", "d", "e"]
    let confusion = Confusion(
      classes: ["b", "c", "e"], outputs: names,
      counts: (0..<3).map { _ in names.map { _ in random.below(30) } })
    var (count, below) = (0, 0)
    for i in 0..<5 {
      for j in 0..<5 where j != i {
        for k in 0..<5 where k != i && k != j {
          count += 1
          let right = confusion.counts[0][i] + confusion.counts[1][j] + confusion.counts[2][k]
          if right < confusion.right { below += 1 }
        }
      }
    }
    #expect(count == 60 && confusion.namings(atMost: 10_000) == 60)
    #expect(confusion.namingsBelow() == below && (1..<59).contains(below))
  }

  @Test func onlyTheTruthExceedsAllOtherNamings() {
    let names = (0..<10).map { "c\($0)" }
    func counts(_ right: Int) -> [[Int]] {
      (0..<10).map { i in (0..<10).map { $0 == i ? right : 5 } }
    }
    let good = Confusion(classes: names, outputs: names, counts: counts(20))
    // Only the identity itself, one of 3.6 million, is not below.
    #expect(good.relabelingsBelow(count: 10_000, seed: 0) == 10_000)
    let flat = Confusion(classes: names, outputs: names, counts: counts(5))
    #expect(flat.relabelingsBelow(count: 10_000, seed: 0) == 0)
    #expect(good.accuracy == 20.0 / 65)
  }

  /// Unrelated pairs: each class goes to outputs that have nothing to do with its name, however
  /// surely. Of a hundred at most three may pass, in each of three ways to be unrelated.
  @Test(arguments: [0.0, 0.5, 0.95])
  func unrelatedPairsSeldomPass(_ sureness: Double) {
    let names = (0..<10).map { "c\($0)" }
    var passed = 0
    for pair in 0..<100 {
      var random = RandomStream(seed: 77, .diagnostics, stream: UInt32(pair))
      // Some classes share an output, as a head with foreign features does.
      let goes = names.map { _ in random.below(10) }
      let favorite = random.below(10)
      let counts = names.indices.map { row in
        var counts = [Int](repeating: 0, count: 10)
        for _ in 0..<100 {
          let u = Double(random.uniform())
          let output = u < sureness ? goes[row] : u < 0.97 ? random.below(10) : favorite
          counts[output] += 1
        }
        return counts
      }
      let confusion = Confusion(classes: names, outputs: names, counts: counts)
      if confusion.relabelingsBelow(count: 10_000, seed: 0) >= 9_900 { passed += 1 }
    }
    #expect(passed <= 3, "\(passed) of 100 unrelated pairs passed")
  }
}
