import Training

/// One key of a recipe: how it is read, when and how it is written, and what the reference says of it.
struct RecipeKey: Sendable {
  let name: String
  /// What may stand there.
  let values: String
  /// What is taken where nothing is said.
  let standard: String
  let meaning: String
  /// - Parameter folder: where relative paths start.
  let read:
    @Sendable (_ node: ValueNode, _ recipe: inout Recipe, _ folder: String) throws(RecipeError) ->
      Void
  /// What stands behind the key; nil: the key is left out.
  let write: @Sendable (Recipe) -> String?

  /// Whether a value that is the standard is written, too. What is not came later: equal runs of
  /// earlier versions have equal recipes.
  enum Written: Sendable {
    case always, unlessStandard
  }

  /// The same key, left out where `condition` is not met.
  func written(where condition: @escaping @Sendable (Recipe) -> Bool) -> RecipeKey {
    RecipeKey(name: name, values: values, standard: standard, meaning: meaning, read: read) {
      [write] in
      condition($0) ? write($0) : nil
    }
  }
}

/// Keys whose values have a common form.
extension RecipeKey {
  typealias Setting<Value> = WritableKeyPath<TrainingSettings, Value> & Sendable

  static func boolean(
    _ name: String, _ path: Setting<Bool>, _ written: Written, _ meaning: String
  ) -> RecipeKey {
    key(name, path, written, values: "true, false", meaning) { (node) throws(RecipeError) in
      try node.boolean()
    } text: {
      "\($0)"
    }
  }

  static func integer(
    _ name: String, _ path: Setting<Int>, in range: ClosedRange<Int>, _ written: Written,
    _ meaning: String
  ) -> RecipeKey {
    key(name, path, written, values: "\(range.lowerBound) to \(range.upperBound)", meaning) {
      (node) throws(RecipeError) in
      try node.integer(in: range)
    } text: {
      "\($0)"
    }
  }

  static func number(
    _ name: String, _ path: Setting<Double>, in range: ClosedRange<Double>, _ written: Written,
    _ meaning: String
  ) -> RecipeKey {
    key(name, path, written, values: "\(range.lowerBound) to \(range.upperBound)", meaning) {
      (node) throws(RecipeError) in
      try node.number(in: range)
    } text: {
      "\($0)"
    }
  }

  static func choice<Choice>(
    _ name: String, _ path: Setting<Choice>, _ written: Written, _ meaning: String
  ) -> RecipeKey
  where Choice: RawRepresentable<String> & CaseIterable & Equatable & Sendable {
    key(
      name, path, written, values: Choice.allCases.map(\.rawValue).joined(separator: ", "), meaning
    ) { (node) throws(RecipeError) in
      try node.choice(Choice.self)
    } text: {
      $0.rawValue
    }
  }

  static func key<Value: Equatable & Sendable>(
    _ name: String, _ path: Setting<Value>, _ written: Written, values: String,
    standard: String? = nil, _ meaning: String,
    read: @escaping @Sendable (ValueNode) throws(RecipeError) -> Value,
    text: @escaping @Sendable (Value) -> String
  ) -> RecipeKey {
    RecipeKey(
      name: name, values: values,
      standard: standard ?? text(TrainingSettings()[keyPath: path]), meaning: meaning
    ) { (node, recipe, _) throws(RecipeError) in
      recipe.settings[keyPath: path] = try read(node)
    } write: { recipe in
      let value = recipe.settings[keyPath: path]
      if written == .unlessStandard && value == TrainingSettings()[keyPath: path] { return nil }
      return text(value)
    }
  }
}
