import Foundation

extension Report {
  /// As the pages write it: "33.9 %", "0.34"; "–" for what is missing.
  public static func printed(_ value: Double?, _ unit: Unit) -> String {
    Printed.value(value, unit)
  }
}

/// How values are written on the pages. Numbers and units are joined by no-break spaces.
enum Printed {
  static let missing = "–"

  /// "33.9 %", "+2.1 points", "0.34", "12.5 min", "9"; "–" for what is missing.
  static func value(_ value: Double?, _ unit: Report.Unit) -> String {
    guard let number = bare(value, unit) else { return missing }
    return number + suffix(unit)
  }

  /// "33.9 ± 1.2 % (3)": mean, standard deviation where there is one, and of how many runs.
  static func mean(of row: Report.Row) -> String {
    guard let mean = bare(row.mean, row.unit) else { return missing }
    var text = mean
    if let deviation = bare(row.standardDeviation, row.unit, signed: false) {
      text += "\u{a0}±\u{a0}\(deviation)"
    }
    text += suffix(row.unit)
    return row.n > 0 ? "\(text)\u{a0}(\(row.n))" : text
  }

  /// "0.55 ± 0.03".
  static func ratio(_ ratio: Report.Ratio?) -> String {
    guard let mean = bare(ratio?.mean, .ratio) else { return missing }
    guard let deviation = bare(ratio?.standardDeviation, .ratio) else { return mean }
    return "\(mean)\u{a0}±\u{a0}\(deviation)"
  }

  /// "78.1 / 70.3 %".
  static func shares(_ values: [Double]?) -> String {
    guard let values, !values.isEmpty else { return missing }
    return values.map { bare($0, .percent) ?? missing }.joined(separator: "\u{a0}/\u{a0}")
      + suffix(.percent)
  }

  /// "31.2 to 35.4 %".
  static func interval(_ interval: Report.Interval?, _ unit: Report.Unit) -> String {
    guard let low = bare(interval?.low, unit), let high = bare(interval?.high, unit) else {
      return missing
    }
    return "\(low) to\u{a0}\(high)\(suffix(unit))"
  }

  /// The number alone, in the unit's digits.
  static func bare(_ value: Double?, _ unit: Report.Unit, signed: Bool = true) -> String? {
    guard let value = value.finite else { return nil }
    switch unit {
    case .percent: return fixed(value * 100, 1)
    case .points:
      let text = fixed(value * 100, 1)
      return signed && value > 0 && text != "0.0" ? "+\(text)" : text
    case .ratio: return fixed(value, 2)
    case .minutes: return fixed(value, 1)
    case .count: return fixed(value, 0)
    }
  }

  static func suffix(_ unit: Report.Unit) -> String {
    switch unit {
    case .percent: "\u{a0}%"
    case .points: "\u{a0}points"
    case .minutes: "\u{a0}min"
    case .ratio, .count: ""
    }
  }

  /// With a real minus sign, and no minus before a zero.
  static func fixed(_ value: Double, _ digits: Int) -> String {
    let text = String(format: "%.\(digits)f", value)
    guard text.hasPrefix("-") else { return text }
    let magnitude = String(text.dropFirst())
    return magnitude.contains { $0 != "0" && $0 != "." } ? "−\(magnitude)" : magnitude
  }
}
