import Files

extension [String: SafetensorsFile.Entry] {
  /// A weight that is not finite makes every output so, or, behind a ReLU that drops it, a confident
  /// one.
  /// - Throws: `FileError` that names the first one.
  func requireFinite(path: String) throws(FileError) {
    for (name, entry) in sorted(by: { $0.key < $1.key }) {
      guard let place = entry.values.firstIndex(where: { !$0.isFinite }) else { continue }
      var rest = place
      let index = entry.shape.reversed().map { size in
        defer { rest /= size }
        return rest % size
      }
      let shown = index.reversed().map(String.init).joined(separator: ", ")
      let others = entry.values.lazy.filter { !$0.isFinite }.count - 1
      throw FileError(
        kind: .malformed, path: path,
        problem: "tensor “\(name)”: the value at [\(shown)] "
          + "is \(entry.values[place])" + (others > 0 ? ", \(others) more are not finite" : "")
          + "; expected finite weights: take those of an earlier checkpoint")
    }
  }
}
