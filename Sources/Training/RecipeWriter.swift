import Datasets
import Networks

extension Recipe {
  /// The effective recipe, every default written out; reading it gives this recipe again.
  public var yaml: String {
    var lines = ["tasks:"]
    for task in tasks {
      var fields = ["name: \(quoted(task.name))", "dataset: \(task.dataset.rawValue)"]
      if let path = task.path { fields.append("path: \(quoted(path))") }
      if let from = task.initialWeights { fields.append("initial-weights: \(quoted(from))") }
      if !task.synonyms.isEmpty {
        let pairs = task.synonyms.sorted { $0.key < $1.key }
          .map { "\(quoted($0.key)): \(quoted($0.value))" }
        fields.append("synonyms: {\(pairs.joined(separator: ", "))}")
      }
      lines.append("  - {\(fields.joined(separator: ", "))}")
    }
    lines += [
      "image-size: \(imageSize)",
      "architecture: {\(architectureFields.joined(separator: ", "))}",
      "methods: [\(methods.map(\.rawValue).joined(separator: ", "))]",
      "own-rotation-head: \(ownRotationHead)",
    ]
    // What stands here only where it is not the default came later: equal runs of earlier versions
    // have equal recipes.
    if commonClassesUsed > 0 { lines.append("common-classes-used: \(commonClassesUsed)") }
    if let initialWeights { lines.append("initial-weights: \(quoted(initialWeights))") }
    lines += [
      "scheme: \(scheme.rawValue)",
      "steps: \(steps)",
      "batch: \(batch)",
      "learning-rate: \(learningRate)",
      "momentum: \(momentum)",
      "weight-decay: \(weightDecay)",
      "schedule: \(schedule.rawValue)",
      "warmup: \(warmup)",
      "augment: \(augment)",
      "seed: \(seed)",
      "validation: \(validation)",
      "evaluate-every: \(evaluateEvery)",
    ]
    return lines.joined(separator: "\n") + "\n"
  }

  /// A plain ResNet's without width, as it was before there were others: equal runs of earlier
  /// versions have equal recipes.
  private var architectureFields: [String] {
    let (name, isMobile) = (architecture.name, architecture.name == .mobileNetV2)
    var fields = ["name: \(name.rawValue)"]
    if !isMobile { fields.append("depth: \(architecture.depth)") }
    if name != .resnet || architecture.width != 1 {
      fields.append("width: \(architecture.widthText)")
    }
    fields.append("split: \(architecture.split.rawValue)")
    if let adapter = architecture.adapter { fields.append("adapter: \(adapter)") }
    if let resolution = architecture.resolution {
      fields.append("resolution: \(resolution.rawValue)")
    }
    return fields
  }

  private func quoted(_ text: String) -> String {
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
