/// An interval in which something lies with 95 % confidence.
public struct Interval: Codable, Hashable, Sendable {
  public var lower: Double
  public var upper: Double

  public init(lower: Double, upper: Double) {
    self.lower = lower
    self.upper = upper
  }
}

/// Statistics of shares of images. Two-sided 95 %: z = 1.959964.
public enum Proportion {
  static let z = 1.959963984540054

  /// Wilson's score interval (Wilson 1927) of `successes` in `count` draws:
  ///
  ///     (p + z²/2n ± z √(p(1 − p)/n + z²/4n²)) / (1 + z²/n)
  ///
  /// - Precondition: 0 ≤ successes ≤ count, count > 0.
  public static func wilson(_ successes: Int, of count: Int) -> Interval {
    precondition(count > 0 && 0...count ~= successes, "wilson: \(successes) of \(count)")
    let n = Double(count)
    let p = Double(successes) / n
    let middle = p + z * z / (2 * n)
    let half = z * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot()
    let scale = 1 + z * z / n
    return Interval(
      lower: max(0, (middle - half) / scale), upper: min(1, (middle + half) / scale))
  }

  /// The difference of two shares measured on the same images, by Agresti and Min 2005: half an
  /// image is added to each cell of the 2×2 table, so that a few images without a difference prove
  /// little. With b images right only the first time, c only the second, N = count + 2:
  ///
  ///     d = (b − c)/N,  d ± z √((b + c + 1)/N² − d²/N)
  public static func pairedDifference(
    onlyFirst b: Int, onlySecond c: Int, of count: Int
  ) -> Interval {
    precondition(b >= 0 && c >= 0 && b + c <= count, "pairedDifference: \(b), \(c) of \(count)")
    let n = Double(count) + 2
    let difference = Double(b - c) / n
    let half =
      z * max(0, (Double(b + c) + 1) / (n * n) - difference * difference / n).squareRoot()
    return Interval(lower: difference - half, upper: difference + half)
  }
}
