import Analysis
import Foundation

/// What is called compatible (ours; the paper compares figures).
enum Rule {
  /// Random relabelings of the head's outputs.
  static let relabelings = 10_000
  /// The true naming has to beat this share of them.
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
    _ upperBound: Certificate.UpperBound?, outputs: Int, format: String
  ) -> (Certificate.Verdict, String) {
    let share = Double(relabeling.below) / Double(relabeling.count)
    var reason =
      "the accuracy exceeds that of \(percent(share)) of \(relabeling.count) random "
      + "relabellings, \(percent(neededShare)) are needed"
    // The true naming itself is one of outputs! relabelings, and does not exceed itself.
    if outputs < 5 {
      reason += " (with \(outputs) outputs no network can reach that: too few namings to tell)"
    }
    guard passes(relabeling) else { return (.incompatible, reason) }
    guard let shuffling, shuffling.passes else {
      return (
        format == Certificate.firstFormat ? .incompatible : .betterThanChance,
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

  static func passes(_ relabeling: Certificate.Relabeling) -> Bool {
    passes(below: relabeling.below, of: relabeling.count)
  }

  static func passes(below: Int, of count: Int = relabelings) -> Bool {
    Double(below) >= neededShare * Double(count)
  }

  private static func percent(_ share: Double) -> String { String(format: "%.2f %%", share * 100) }

  private static func points(_ share: Double) -> String {
    String(format: "%+.2f points", share * 100)
  }
}
