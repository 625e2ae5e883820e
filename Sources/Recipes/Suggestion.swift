/// The name that was probably meant.
package enum Suggestion {
  /// The candidate at the smallest edit distance, if that is at most a third of its length.
  package static func nearest(_ word: String, in candidates: [String]) -> String? {
    candidates.map { ($0, distance(Array(word.lowercased()), Array($0))) }
      .filter { $0.1 <= max(2, $0.0.count / 3) }
      .min { $0.1 < $1.1 }?.0
  }

  /// Levenshtein distance.
  private static func distance(_ a: [Character], _ b: [Character]) -> Int {
    var row = Array(0...b.count)
    for (i, x) in a.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, y) in b.enumerated() {
        let next = min(row[j] + 1, row[j + 1] + 1, diagonal + (x == y ? 0 : 1))
        diagonal = row[j + 1]
        row[j + 1] = next
      }
    }
    return row[b.count]
  }
}
