import Foundation

/// Student's t distribution; the normal one for infinitely many degrees of freedom.
public enum StudentT {
  /// The t that a value stays below with the given probability.
  /// - Parameters:
  ///   - probability: between 0 and 1, neither included.
  ///   - degreesOfFreedom: ν > 0, not necessarily whole.
  public static func quantile(_ probability: Double, degreesOfFreedom: Double) -> Double {
    precondition(
      probability > 0 && probability < 1 && degreesOfFreedom > 0,
      "StudentT.quantile: probability \(probability), \(degreesOfFreedom) degrees of freedom")
    if probability < 0.5 {
      return -quantile(1 - probability, degreesOfFreedom: degreesOfFreedom)
    }
    let tail = 1 - probability
    if tail == 0.5 { return 0 }
    if degreesOfFreedom >= 1e4 {
      // Fisher and Cornish 1960: from the normal quantile in powers of 1/ν.
      let z = inverse(tail) { erfc($0 / 2.0.squareRoot()) / 2 }
      let (square, small) = (z * z, 1 / degreesOfFreedom)
      let first = (square + 1) / 4
      let second = ((5 * square + 16) * square + 3) / 96
      let third = (((3 * square + 19) * square + 17) * square - 15) / 384
      return z * (1 + small * (first + small * (second + small * third)))
    }
    return inverse(tail) { upperTail($0, degreesOfFreedom: degreesOfFreedom) }
  }

  /// Where a falling function takes a value: bracketed, then halved until no double lies between.
  private static func inverse(_ value: Double, of function: (Double) -> Double) -> Double {
    var (low, high) = (0.0, 1.0)
    while function(high) > value { (low, high) = (high, high * 2) }
    while true {
      let middle = low + (high - low) / 2
      if middle <= low || middle >= high { return high }
      if function(middle) > value { low = middle } else { high = middle }
    }
  }

  /// P(T > t) = I_y(ν/2, ½) / 2 with y = ν/(ν + t²), for t ≥ 0; I is the regularized incomplete
  /// beta function.
  private static func upperTail(_ t: Double, degreesOfFreedom: Double) -> Double {
    let share = t * t / degreesOfFreedom
    if share == 0 { return 0.5 }
    // x and y = 1 − x each without subtraction, as either may be tiny.
    let (x, y, b) = (share / (1 + share), 1 / (1 + share), degreesOfFreedom / 2)
    // √x yᵇ / B(½, b).
    let logarithm = -0.5 * log1p(1 / share) - b * log1p(share) + logGammaStep(b) - log(.pi) / 2
    // Where each of the fractions converges fast; 1 − I where it does not cancel.
    if x < 1.5 / (b + 2.5) {
      return (1 - exp(logarithm) * fraction(x, 0.5, b) / 0.5) / 2
    }
    return exp(logarithm) * fraction(y, b, 0.5) / b / 2
  }

  /// log Γ(b + ½) − log Γ(b); for large b by its series (DLMF 5.11.13), as the two are then large
  /// and close.
  private static func logGammaStep(_ b: Double) -> Double {
    if b < 50 { return lgamma(b + 0.5) - lgamma(b) }
    let inverse = 1 / b
    return 0.5 * log(b) - inverse / 8 + inverse * inverse * inverse
      * (1 / 192.0 - inverse * inverse / 640)
  }

  /// The continued fraction 1/(1 + d₁/(1 + d₂/(1 + …))) of DLMF 8.17.22, by Lentz's method
  /// (Thompson and Barnett 1986).
  private static func fraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
    let tiny = 1e-300
    func kept(_ value: Double) -> Double { abs(value) < tiny ? tiny : value }
    var c = 1.0
    var d = 1 / kept(1 - (a + b) * x / (a + 1))
    var result = d
    for step in 1...100_000 {
      let m = Double(step)
      let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
      d = 1 / kept(1 + even * d)
      c = kept(1 + even / c)
      result *= c * d
      let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
      d = 1 / kept(1 + odd * d)
      c = kept(1 + odd / c)
      result *= c * d
      if abs(c * d - 1) < 1e-15 { break }
    }
    return result
  }
}
