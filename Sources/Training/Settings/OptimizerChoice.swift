public import Optimizers

/// Which optimizer a recipe wants, and what it says of it.
public struct OptimizerChoice: Sendable, Equatable {
  /// As `Optimizers` has it.
  public var name: String
  /// Values of its options, by name, where they are not the option's standard.
  public private(set) var options: [String: Double] = [:]

  public init(_ name: String = SGD.name, _ options: [String: Double] = [:]) {
    self.name = name
    for (option, value) in options { self[option] = value }
  }

  /// The value of an option; nil where the optimizer has no such option.
  public subscript(option: String) -> Double? {
    get { options[option] ?? standard(option) }
    set { options[option] = newValue == standard(option) ? nil : newValue }
  }

  private func standard(_ option: String) -> Double? {
    kind?.options.first { $0.name == option }?.standard
  }

  /// nil where nobody has registered its name.
  package var kind: Optimizers.Kind? { Optimizers.named(name) }

  /// `sgd`, `{name: adamw, beta2: 0.99}`.
  package var yaml: String {
    guard let kind else { return name }
    let given = kind.options.compactMap { option in
      options[option.name].map {
        "\(option.name): " + (option.isSwitch ? "\($0 == 1)" : "\($0)")
      }
    }
    return given.isEmpty ? name : "{name: \(name), \(given.joined(separator: ", "))}"
  }
}

extension TrainingSettings {
  /// β of SGD's momentum: the optimizer's option of this name.
  public var momentum: Double {
    get { optimizer["momentum"] ?? 0 }
    set { optimizer["momentum"] = newValue }
  }

  /// - Throws: `SettingsError` for one that nobody has registered.
  func makeOptimizer() throws(SettingsError) -> any Optimizer {
    guard let kind = optimizer.kind else {
      throw SettingsError("optimizer: expected one of \(Optimizers.names), got “\(optimizer.name)”")
    }
    var options: [String: Double] = [:]
    for option in kind.options { options[option.name] = optimizer[option.name] }
    return kind.make(
      options, .init(weightDecay: weightDecay, includesNormsAndBiases: decaysNormsAndBiases))
  }
}

extension Optimizers {
  package static var names: String { all.map(\.name).joined(separator: ", ") }
}
