import Datasets
import Networks
import Optimizers
import Training

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
    let s = settings
    lines += [
      "image-size: \(s.imageSize)",
      "architecture: \(s.architecture.yaml)",
      "methods: [\(s.methods.map(\.rawValue).joined(separator: ", "))]",
      "own-rotation-head: \(s.ownRotationHead)",
    ]
    // What stands here only where it is not the default came later: equal runs of earlier versions
    // have equal recipes.
    if s.objective != .target { lines.append("objective: \(s.objective.rawValue)") }
    if s.sharedHead { lines.append("shared-head: true") }
    if s.rotations != .all { lines.append("rotations: \(s.rotations.rawValue)") }
    if s.selfSupervisedWeight != 1 {
      lines.append("self-supervised-weight: \(s.selfSupervisedWeight)")
    }
    if let selfSupervisedHead = s.selfSupervisedHead {
      lines.append("self-supervised-head: \(selfSupervisedHead.yaml)")
    }
    if s.commonClassesUsed > 0 { lines.append("common-classes-used: \(s.commonClassesUsed)") }
    if let initialWeights { lines.append("initial-weights: \(quoted(initialWeights))") }
    if !auxiliaryHeads.isEmpty {
      lines.append("auxiliary-heads: [\(auxiliaryHeads.map(quoted).joined(separator: ", "))]")
    }
    if !s.frozen.isEmpty {
      let parts = NetworkPart.allCases.filter(s.frozen.contains).map(\.rawValue)
      lines.append("frozen: [\(parts.joined(separator: ", "))]")
    }
    lines += [
      "scheme: \(s.scheme.rawValue)",
      "steps: \(s.steps)",
      "batch: \(s.batch)",
      "learning-rate: \(s.learningRate)",
    ]
    // SGD with momentum alone is said as it was when there was nothing else.
    if s.optimizer.name == SGD.name, s.optimizer.options.keys.allSatisfy({ $0 == "momentum" }) {
      lines.append("momentum: \(s.momentum)")
    } else {
      lines.append("optimizer: \(s.optimizer.yaml)")
    }
    lines += [
      "weight-decay: \(s.weightDecay)",
      "schedule: \(s.schedule.rawValue)",
      "warmup: \(s.warmup)",
      "augment: \(s.augment.yaml)",
      "seed: \(s.seed)",
      "validation: \(s.validation)",
      "evaluate-every: \(s.evaluateEvery)",
    ]
    if !s.decaysNormsAndBiases { lines.append("decay-norms-and-biases: false") }
    if s.labelSmoothing != 0 { lines.append("label-smoothing: \(s.labelSmoothing)") }
    if imageMemory != 2048 { lines.append("image-memory: \(imageMemory)") }
    if damagedImages != .fail { lines.append("damaged-images: \(damagedImages.rawValue)") }
    if !s.evaluateAt.isEmpty {
      lines.append("evaluate-at: [\(s.evaluateAt.map(String.init).joined(separator: ", "))]")
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
