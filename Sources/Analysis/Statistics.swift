import Foundation

/// An interval that holds its ends.
public struct ValueInterval: Codable, Hashable, Sendable {
  public var low: Double
  public var high: Double

  public init(low: Double, high: Double) {
    self.low = low
    self.high = high
  }
}

/// What several runs of one experiment gave.
public struct SampleSummary: Hashable, Sendable {
  public let values: [Double]

  /// - Parameter values: finite.
  public init(_ values: [Double]) {
    precondition(values.allSatisfy(\.isFinite), "SampleSummary: \(values) are not all finite")
    self.values = values
  }

  public var count: Int { values.count }

  /// nil of no values.
  public var mean: Double? {
    values.isEmpty ? nil : values.reduce(0, +) / Double(count)
  }

  /// √(Σ(x − mean)² / (n − 1)); nil of fewer than two values.
  public var standardDeviation: Double? {
    guard let mean, count > 1 else { return nil }
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (squares / Double(count - 1)).squareRoot()
  }

  /// Smallest and largest value; nil of no values.
  public var range: ValueInterval? {
    guard let low = values.min(), let high = values.max() else { return nil }
    return ValueInterval(low: low, high: high)
  }

  /// mean ± t · standard deviation / √n with t of n − 1 degrees of freedom: where the expected
  /// value of normally distributed runs lies with this confidence; nil of fewer than two values.
  /// - Parameter confidence: between 0 and 1.
  public func interval(confidence: Double = 0.95) -> ValueInterval? {
    guard let mean, let standardDeviation else { return nil }
    let t = StudentT.quantile((1 + confidence) / 2, degreesOfFreedom: Double(count - 1))
    let half = t * standardDeviation / Double(count).squareRoot()
    return ValueInterval(low: mean - half, high: mean + half)
  }

  /// What to print around the mean, and what it is: the 95 % t interval of three values or more;
  /// of two, whose interval says next to nothing (t is 12.7), their range; nil of fewer.
  public var spread: (interval: ValueInterval, kind: String)? {
    guard count >= 2, let interval = count >= 3 ? interval() : range else { return nil }
    return (interval, count >= 3 ? "95 % t" : "range")
  }

  /// Differences first − second of the seeds that both have, in the order of the seeds: whatever a
  /// seed does to both is gone from their spread.
  public static func paired(
    _ first: [UInt64: Double], _ second: [UInt64: Double]
  ) -> SampleSummary {
    SampleSummary(
      first.keys.sorted().compactMap { seed in second[seed].map { first[seed]! - $0 } })
  }
}

/// A share of a number of trials.
public enum Proportion {
  /// Wilson's score interval (1927) for k successes of n independent trials: the shares p for which
  /// |k/n − p| ≤ z · √(p(1 − p)/n). It stays within [0, 1], and is right near 0 and 1, too; nil for
  /// n = 0.
  /// - Precondition: 0 ≤ k ≤ n.
  public static func wilson(
    _ successes: Int, of trials: Int, confidence: Double = 0.95
  ) -> ValueInterval? {
    precondition(
      trials >= 0 && (0...trials).contains(successes), "wilson: \(successes) of \(trials)")
    guard trials > 0 else { return nil }
    let (k, n) = (Double(successes), Double(trials))
    let z = StudentT.quantile((1 + confidence) / 2, degreesOfFreedom: .infinity)
    let scale = 1 / (n + z * z)
    let center = (k + z * z / 2) * scale
    let half = z * scale * (k * (n - k) / n + z * z / 4).squareRoot()
    return ValueInterval(
      low: successes == 0 ? 0 : max(0, center - half),
      high: successes == trials ? 1 : min(1, center + half))
  }

  /// The 95 % interval of the difference of two shares measured on the same images, by Agresti and
  /// Min 2005: half an image is added to each cell of the 2×2 table, so that a few images without a
  /// difference prove little. With b images right only the first time, c only the second,
  /// N = count + 2:
  ///
  ///     d = (b − c)/N,  d ± z √((b + c + 1)/N² − d²/N)
  ///
  /// - Precondition: b, c ≥ 0, b + c ≤ count.
  public static func pairedDifference(
    onlyFirst b: Int, onlySecond c: Int, of count: Int
  ) -> ValueInterval {
    precondition(b >= 0 && c >= 0 && b + c <= count, "pairedDifference: \(b), \(c) of \(count)")
    let n = Double(count) + 2
    let z = StudentT.quantile(0.975, degreesOfFreedom: .infinity)
    let difference = Double(b - c) / n
    let half =
      z * max(0, (Double(b + c) + 1) / (n * n) - difference * difference / n).squareRoot()
    return ValueInterval(low: difference - half, high: difference + half)
  }
}
