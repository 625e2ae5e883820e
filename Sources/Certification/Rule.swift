import Analysis
import Foundation

/// What is called compatible (ours; the paper compares figures).
enum Rule {
  /// All namings of the classes are looked at where there are no more, else so many random ones.
  static let relabelings = 10_000
  /// The true naming has to beat this share of them, or all other ones where they are fewer than a
  /// hundred. For unrelated networks that is then likelier than 1 in 100, but the order of their
  /// channels still has to be the best of 200.
  static let neededShare = 0.99
  /// Random orders of the channels that the true one has to beat, all of them: for unrelated
  /// networks that has a probability of 1 in 200, whatever their outputs are called.
  static let shufflings = 199
  /// So many images suffice for that.
  static let shuffledImages = 500
  /// The lower limit of recombination less upper bound has to be above this: −1 point.
  static let neededDifference = -0.01

  /// Certificates hold these sentences, and are held against them when they are read: they stay as
  /// version 0.1 wrote them.
  static func verdict(
    _ relabeling: Certificate.Relabeling, _ shuffling: Certificate.Shuffling?,
    _ upperBound: Certificate.UpperBound?, of confusion: Confusion, format: String
  ) -> (Certificate.Verdict, String) {
    let namings = format == Certificate.currentFormat ? confusion.namings(atMost: relabelings) : nil
    // The true naming is one of them, and does not exceed itself.
    let areFew = namings.map { Double($0 - 1) < neededShare * Double($0) } ?? false
    var reason = words(relabeling, namings: namings, areFew: areFew)
    if format != Certificate.currentFormat, confusion.outputs.count < 5 {
      reason +=
        " (with \(confusion.outputs.count) outputs no network can reach that: too few namings to tell)"
    }
    guard passes(relabeling) else { return (.incompatible, reason) }
    guard let shuffling, shuffling.passes else {
      return (
        areFew || format == Certificate.firstFormat ? .incompatible : .betterThanChance,
        reason
          + "; but the head does as well with the extractor's channels in a random order: what "
          + "it recognises has no need of compatible features"
      )
    }
    reason += "; none of \(shuffling.count) random orders of the channels does as well"
    guard let upperBound else {
      return (.compatible, reason + "; no own head was given to compare with")
    }
    reason +=
      "; its difference to the own head's is at least "
      + "\(points(upperBound.difference.low)), above \(points(neededDifference)) is needed to be "
      + "perfect"
    let perfect = upperBound.difference.low > neededDifference
    return (perfect ? .perfectlyCompatible : .compatible, reason)
  }

  private static func words(
    _ relabeling: Certificate.Relabeling, namings: Int?, areFew: Bool
  ) -> String {
    guard let namings else {
      let share = Double(relabeling.below) / Double(relabeling.count)
      return "the accuracy exceeds that of \(percent(share)) of \(relabeling.count) random "
        + "relabellings, \(percent(neededShare)) are needed"
    }
    return "the accuracy exceeds that of \(relabeling.below) of all \(namings) namings of the "
      + "classes, \(needed(of: namings)) are needed"
      + (areFew ? ", with so few namings all but the true one" : "")
  }

  /// How often the true naming is the better one.
  static func relabeling(
    of confusion: Confusion, seed: UInt64, format: String = Certificate.currentFormat
  ) -> Certificate.Relabeling {
    guard format == Certificate.currentFormat, let all = confusion.namings(atMost: relabelings)
    else {
      return Certificate.Relabeling(
        count: relabelings, seed: seed,
        below: confusion.relabelingsBelow(count: relabelings, seed: seed), needed: neededShare)
    }
    return Certificate.Relabeling(
      count: all, seed: seed, below: confusion.namingsBelow(),
      needed: Double(needed(of: all)) / Double(all))
  }

  /// 99 in 100, and no more than all but the true one.
  private static func needed(of namings: Int) -> Int {
    min(namings - 1, (namings * 99 + 99) / 100)
  }

  static func passes(_ relabeling: Certificate.Relabeling) -> Bool {
    Double(relabeling.below) / Double(relabeling.count) >= relabeling.needed
  }

  /// Whether the relabelings alone say that a pair is better than chance.
  static func suffices(_ relabeling: Certificate.Relabeling) -> Bool {
    passes(relabeling) && relabeling.needed >= neededShare
  }

  private static func percent(_ share: Double) -> String { String(format: "%.2f %%", share * 100) }

  private static func points(_ share: Double) -> String {
    String(format: "%+.2f points", share * 100)
  }
}
