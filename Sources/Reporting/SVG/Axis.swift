import Foundation

/// From values to places along an axis.
struct Axis {
  let low: Double
  let high: Double
  let start: Double
  let end: Double
  let ticks: [Double]

  /// Round ends around the values.
  /// - Parameters:
  ///   - values: what has to fit.
  ///   - zero: 0 belongs to it, too.
  init(_ values: [Double], zero: Bool, from start: Double, to end: Double, ticks count: Int = 5) {
    let values = values.filter(\.isFinite) + (zero ? [0] : [])
    var low = values.min() ?? 0
    var high = values.max() ?? 1
    if high - low < 1e-9 * max(abs(low), abs(high), 1e-3) {
      (low, high) = (zero ? min(low, 0) : low - 0.5, high + (high == 0 ? 1 : abs(high) * 0.5))
    }
    let step = Self.step((high - low) / Double(count))
    let first = (low / step + 1e-9).rounded(.down)
    let last = (high / step - 1e-9).rounded(.up)
    ticks = stride(from: first, through: last, by: 1).map { $0 * step }
    self.low = first * step
    self.high = last * step
    self.start = start
    self.end = end
  }

  func place(_ value: Double) -> Double {
    start + (value - low) / (high - low) * (end - start)
  }

  /// The next of 1, 2, 2.5, 5, 10 times a power of ten.
  private static func step(_ rough: Double) -> Double {
    let power = pow(10, log10(rough).rounded(.down))
    let share = rough / power
    let factor = [1, 2, 2.5, 5].first { share <= $0 + 1e-9 } ?? 10
    return factor * power
  }

  /// As few digits as tell the ticks apart, with the unit: "20 %", "0.5".
  static func label(_ value: Double, _ unit: Report.Unit) -> String {
    switch unit {
    case .percent: number(value * 100) + "\u{a0}%"
    case .points: (value > 1e-9 ? "+" : "") + number(value * 100)
    case .ratio, .minutes, .count: number(value)
    }
  }

  static func number(_ value: Double) -> String {
    let rounded = (value * 1e6).rounded() / 1e6
    let text = String(format: "%.6g", rounded == 0 ? 0 : rounded)
    return text.hasPrefix("-") ? "−" + text.dropFirst() : text
  }
}

/// Steps on a logarithmic axis, with a place for 0 before its start.
struct LogarithmicAxis {
  let low: Double
  let high: Double
  let hasZero: Bool
  let start: Double
  let end: Double
  let ticks: [Double]

  /// Width of the part that holds 0.
  static let zeroWidth = 34.0

  init(_ values: [Double], from start: Double, to end: Double) {
    let positive = values.filter { $0.isFinite && $0 > 0 }
    hasZero = values.contains { $0 <= 0 }
    self.start = start
    self.end = end
    let low = positive.min() ?? 1
    let high = positive.max() ?? 10
    (self.low, self.high) = high > low ? (low, high) : (low / 2, low * 2)
    let decades = log10(self.high / self.low)
    let factors: [Double] = decades < 1.2 ? [1, 2, 3, 5] : decades < 2.5 ? [1, 2, 5] : [1]
    let every = max(1, Int((decades / 5).rounded(.up)))
    let exponents = Int(log10(self.low).rounded(.down))...Int(log10(self.high).rounded(.up))
    let bounds = (self.low * (1 - 1e-9))...(self.high * (1 + 1e-9))
    ticks = exponents.filter { $0 % every == 0 || factors.count > 1 }
      .flatMap { exponent in factors.map { $0 * pow(10, Double(exponent)) } }
      .filter { bounds.contains($0) }
  }

  func place(_ value: Double) -> Double {
    guard value > 0 else { return start + 8 }
    let first = hasZero ? start + Self.zeroWidth : start
    return first + log(value / low) / log(high / low) * (end - first)
  }
}
