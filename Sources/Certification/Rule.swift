import Foundation

/// What is called compatible (ours; the paper compares figures).
enum Rule {
  /// Random relabellings of the head's outputs.
  static let relabellings = 10_000
  /// The true naming has to beat this share of them.
  static let neededShare = 0.99
  /// The lower limit of recombination less upper bound has to be above this: −1 point.
  static let neededDifference = -0.01

  static func verdict(
    _ relabelling: Certificate.Relabelling, _ upperBound: Certificate.UpperBound?, outputs: Int
  ) -> (Certificate.Verdict, String) {
    let share = Double(relabelling.below) / Double(relabelling.count)
    var reason =
      "the accuracy exceeds that of \(percent(share)) of \(relabelling.count) random "
      + "relabellings, \(percent(neededShare)) are needed"
    // The true naming itself is one of outputs! relabellings, and does not exceed itself.
    if outputs < 5 {
      reason += " (with \(outputs) outputs no network can reach that: too few namings to tell)"
    }
    guard share >= neededShare else { return (.incompatible, reason) }
    guard let upperBound else {
      return (.compatible, reason + "; no own head was given to compare with")
    }
    reason +=
      "; its difference to the own head's is at least "
      + "\(points(upperBound.difference.lower)), above \(points(neededDifference)) is needed to be "
      + "perfect"
    let perfect = upperBound.difference.lower > neededDifference
    return (perfect ? .perfectlyCompatible : .compatible, reason)
  }

  private static func percent(_ share: Double) -> String { String(format: "%.2f %%", share * 100) }

  private static func points(_ share: Double) -> String {
    String(format: "%+.2f points", share * 100)
  }
}
