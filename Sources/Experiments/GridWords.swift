package import Reporting

/// What came out, in a sentence; and what its abbreviations mean.
extension Grid {
  /// Of the first rows that stand together: the highest and the lowest.
  package static func finding(_ rows: [Report.Row]) -> String? {
    let known = rows.filter { $0.mean != nil && ($0.unit == .percent || $0.unit == .ratio) }
    guard let first = known.first else { return nil }
    let together = known.filter { $0.group == first.group && $0.unit == first.unit }
    guard together.count > 1,
      let best = together.max(by: { ($0.mean ?? 0) < ($1.mean ?? 0) }),
      let least = together.min(by: { ($0.mean ?? 0) < ($1.mean ?? 0) }), best.name != least.name
    else { return nil }
    func text(_ row: Report.Row) -> String {
      let ratio = row.ratio?.mean.map { " (\(Report.printed($0, .ratio)) of own accuracy)" } ?? ""
      return "\(row.name) \(Report.printed(row.mean, row.unit))\(ratio)"
    }
    let chances = Set(together.compactMap(\.chance))
    let chance = chances.count == 1 ? chances.first : nil
    let runs = together.map(\.n).max() ?? 0
    return "\(first.group.map { "\($0): the" } ?? "The") highest of \(together.count) is "
      + "\(text(best)), the lowest \(text(least))"
      + (chance.map { "; chance is \(Report.printed($0, .percent))" } ?? "")
      + (runs == 1 ? ". One seed." : ".")
  }

  /// Those of the paper's abbreviations that occur.
  package static func terms(in texts: [String]) -> [Report.Fact] {
    let words = Set(texts.flatMap { $0.split { !$0.isLetter } })
    return [
      ("IIW", "identical initial weights: the networks start from the same weights"),
      ("RP", "rotation prediction: one shared head tells how far an image was turned"),
      (
        "DCC",
        "discrimination of common classes: one shared head names the classes that the tasks have in "
          + "common"
      ),
    ].filter { words.contains(Substring($0.0)) }.map { Report.Fact($0.0, $0.1) }
  }
}
