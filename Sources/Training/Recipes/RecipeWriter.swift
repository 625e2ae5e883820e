import Datasets
import Networks
import Optimizers

extension Recipe {
  /// The effective recipe, every default written out; reading it gives this recipe again.
  public var yaml: String {
    var lines = ["tasks:"]
    for task in tasks {
      var fields = ["name: \(quoted(task.name))", "dataset: \(task.dataset.rawValue)"]
      if let path = task.path { fields.append("path: \(quoted(path))") }
      if let classes = task.classes {
        fields.append("classes: [\(classes.map(quoted).joined(separator: ", "))]")
      }
      if let own = task.architecture { fields.append("architecture: \(own.yaml)") }
      if let file = task.extractor { fields.append("extractor: \(quoted(file))") }
      if let file = task.head { fields.append("head: \(quoted(file))") }
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
      "architecture: \(architecture.yaml)",
      "methods: [\(methods.map(\.rawValue).joined(separator: ", "))]",
      "own-rotation-head: \(ownRotationHead)",
    ]
    // What stands here only where it is not the default came later: equal runs of earlier versions
    // have equal recipes.
    if objective != .target { lines.append("objective: \(objective.rawValue)") }
    if sharedHead { lines.append("shared-head: true") }
    if rotations != .all { lines.append("rotations: \(rotations.rawValue)") }
    if selfSupervisedWeight != 1 {
      lines.append("self-supervised-weight: \(selfSupervisedWeight)")
    }
    if let selfSupervisedHead {
      lines.append("self-supervised-head: \(selfSupervisedHead.yaml)")
    }
    if commonClassesUsed > 0 { lines.append("common-classes-used: \(commonClassesUsed)") }
    if let initialWeights { lines.append("initial-weights: \(quoted(initialWeights))") }
    if !auxiliaryHeads.isEmpty {
      lines.append("auxiliary-heads: [\(auxiliaryHeads.map(quoted).joined(separator: ", "))]")
    }
    if !frozen.isEmpty {
      let parts = NetworkPart.allCases.filter(frozen.contains).map(\.rawValue)
      lines.append("frozen: [\(parts.joined(separator: ", "))]")
    }
    lines += [
      "scheme: \(scheme.rawValue)",
      "steps: \(steps)",
      "batch: \(batch)",
      "learning-rate: \(learningRate)",
    ]
    // SGD with momentum alone is said as it was when there was nothing else.
    if optimizer.name == SGD.name, optimizer.options.keys.allSatisfy({ $0 == "momentum" }) {
      lines.append("momentum: \(momentum)")
    } else {
      lines.append("optimizer: \(optimizer.yaml)")
    }
    lines += [
      "weight-decay: \(weightDecay)",
      "schedule: \(schedule.rawValue)",
      "warmup: \(warmup)",
      "augment: \(augment.yaml)",
      "seed: \(seed)",
      "validation: \(validation)",
      "evaluate-every: \(evaluateEvery)",
    ]
    if !decaysNormsAndBiases { lines.append("decay-norms-and-biases: false") }
    if labelSmoothing != 0 { lines.append("label-smoothing: \(labelSmoothing)") }
    if imageMemory != 2048 { lines.append("image-memory: \(imageMemory)") }
    if damagedImages != .fail { lines.append("damaged-images: \(damagedImages.rawValue)") }
    if !evaluateAt.isEmpty {
      lines.append("evaluate-at: [\(evaluateAt.map(String.init).joined(separator: ", "))]")
    }
    return lines.joined(separator: "\n") + "\n"
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

extension Architecture {
  /// What can be chosen, even where it is the default. A plain ResNet's without width, as it was
  /// before there were others: equal runs of earlier versions have equal recipes.
  fileprivate var yaml: String {
    var fields = ["name: \(name)"]
    if statesDepth { fields.append("depth: \(depth)") }
    if statesWidth { fields.append("width: \(widthText)") }
    fields.append("split: \(split.rawValue)")
    if let adapter { fields.append("adapter: \(adapter)") }
    if let resolution {
      fields.append("resolution: \(resolution.rawValue)")
    }
    return "{\(fields.joined(separator: ", "))}"
  }
}
