import Datasets
import Networks
import Tensors

extension Recipe {
  /// The effective recipe, every default written out; reading it gives this recipe again.
  public var yaml: String {
    var lines = ["tasks:"]
    for task in tasks {
      var fields = ["name: \(Recipe.quoted(task.name))", "dataset: \(task.dataset.rawValue)"]
      if let path = task.path { fields.append("path: \(Recipe.quoted(path))") }
      if let fraction = task.test { fields.append("test: \(fraction)") }
      if let corruption = task.corruption { fields.append("corruption: \"\(corruption)\"") }
      if let classes = task.classes {
        fields.append("classes: [\(classes.map(Recipe.quoted).joined(separator: ", "))]")
      }
      if let own = task.architecture { fields.append("architecture: \(own.yaml)") }
      if let file = task.extractor { fields.append("extractor: \(Recipe.quoted(file))") }
      if let file = task.head { fields.append("head: \(Recipe.quoted(file))") }
      if let file = task.oldHead { fields.append("old-head: \(Recipe.quoted(file))") }
      if let from = task.initialWeights { fields.append("initial-weights: \(Recipe.quoted(from))") }
      if !task.synonyms.isEmpty {
        let pairs = task.synonyms.sorted { $0.key < $1.key }
          .map { "\(Recipe.quoted($0.key)): \(Recipe.quoted($0.value))" }
        fields.append("synonyms: {\(pairs.joined(separator: ", "))}")
      }
      lines.append("  - {\(fields.joined(separator: ", "))}")
    }
    for key in RecipeKeys.all {
      if let value = key.write(self) { lines.append("\(key.name): \(value)") }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\0"..<" ", "\u{7F}"..."\u{A0}", "\u{2028}", "\u{2029}", "\u{FEFF}":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}

extension Architecture {
  /// What can be chosen, even where it is the default. A plain ResNet's without width, as it was
  /// before there were others: equal runs of earlier versions have equal recipes.
  var yaml: String {
    var fields = ["name: \(name)"]
    if statesDepth { fields.append("depth: \(depth)") }
    if statesWidth { fields.append("width: \(widthText)") }
    fields.append("split: \(split.rawValue)")
    if let adapter { fields.append("adapter: \(adapter)") }
    if let affineAdapter {
      fields.append(
        "affine-adapter: {channels: \(affineAdapter.channels), "
          + "activation: \(affineAdapter.activation.rawValue)}")
    }
    if let resolution {
      fields.append("resolution: \(resolution.rawValue)")
    }
    if shortcut != .standard { fields.append("shortcut: \(shortcut.rawValue)") }
    return "{\(fields.joined(separator: ", "))}"
  }
}
