import Yams

/// One value of a recipe and the key that it stands under, for messages.
struct ValueNode {
  let node: Node
  let key: String

  func error(_ problem: String) -> RecipeError {
    RecipeError(line: node.mark?.line, "\(key): \(problem)")
  }

  private var shown: String {
    switch node {
    case .scalar(let scalar): "“\(scalar.string)”"
    case .mapping: "a mapping"
    case .sequence: "a list"
    case .alias: "an alias"
    }
  }

  func text() throws(RecipeError) -> String {
    guard case .scalar(let scalar) = node else { throw error("expected text, got \(shown)") }
    return scalar.string
  }

  func integer(in range: ClosedRange<Int>) throws(RecipeError) -> Int {
    guard let value = node.int, node.scalar?.style == .plain, range.contains(value) else {
      throw error(
        "expected a whole number from \(range.lowerBound) to \(range.upperBound), got \(shown)")
    }
    return value
  }

  func number(in range: ClosedRange<Double>) throws(RecipeError) -> Double {
    guard let value = node.float, node.scalar?.style == .plain, range.contains(value) else {
      throw error(
        "expected a number from \(range.lowerBound) to \(range.upperBound), got \(shown)")
    }
    return value
  }

  func boolean() throws(RecipeError) -> Bool {
    guard let value = node.bool, node.scalar?.style == .plain else {
      throw error("expected true or false, got \(shown)")
    }
    return value
  }

  func choice<Choice: RawRepresentable & CaseIterable>(
    _ type: Choice.Type
  ) throws(RecipeError) -> Choice where Choice.RawValue == String {
    try choice(of: Array(Choice.allCases))
  }

  func choice<Choice: RawRepresentable>(
    of choices: [Choice]
  ) throws(RecipeError) -> Choice where Choice.RawValue == String {
    let names = choices.map(\.rawValue)
    guard case .scalar(let scalar) = node,
      let value = choices.first(where: { $0.rawValue == scalar.string })
    else {
      var problem = "expected one of \(names.joined(separator: ", ")), got \(shown)"
      if case .scalar(let scalar) = node, let near = Suggestion.nearest(scalar.string, in: names) {
        problem += "; did you mean “\(near)”?"
      }
      throw error(problem)
    }
    return value
  }

  func list() throws(RecipeError) -> [ValueNode] {
    guard case .sequence(let items) = node else { throw error("expected a list, got \(shown)") }
    return items.map { ValueNode(node: $0, key: key) }
  }

  func textMapping() throws(RecipeError) -> [String: String] {
    guard case .mapping(let mapping) = node else {
      throw error("expected a mapping such as {car: automobile}, got \(shown)")
    }
    var result: [String: String] = [:]
    for (key, value) in try merged(mapping) {
      let name = try ValueNode(node: key, key: self.key).text()
      result[name] = try ValueNode(node: value, key: "\(self.key).\(name)").text()
    }
    return result
  }

  /// The keys and values of a mapping, those that `<<` takes over from others among them: its own
  /// win, then the first of several.
  func merged(_ mapping: Node.Mapping) throws(RecipeError) -> [(key: Node, value: Node)] {
    var entries: [(key: Node, value: Node)] = []
    func isMerge(_ key: Node) -> Bool { key.scalar?.style == .plain && key.string == "<<" }
    func add(_ pairs: [(key: Node, value: Node)]) {
      for pair in pairs where !entries.contains(where: { $0.key == pair.key }) {
        entries.append(pair)
      }
    }
    add(mapping.filter { !isMerge($0.key) }.map { ($0.key, $0.value) })
    for (key, value) in mapping where isMerge(key) {
      for source in value.sequence.map(Array.init) ?? [value] {
        guard case .mapping(let other) = source else {
          throw ValueNode(node: value, key: "<<").error("expected a mapping, or a list of them")
        }
        add(try merged(other))
      }
    }
    return entries
  }

  func map<Result>(
    _ transform: (ValueNode) throws(RecipeError) -> Result
  ) throws(RecipeError) -> Result {
    try transform(self)
  }
}

extension RecipeError {
  /// What the YAML parser found, in one line.
  init(yaml error: any Error) {
    switch error as? YamlError {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      let hint =
        problem.contains("cannot start any token")
        ? "; a tab, perhaps, where YAML wants blanks, or a word that has to stand in quotes" : ""
      self.init(line: mark.line, "it is not valid YAML: \(problem) (column \(mark.column))\(hint)")
    case .duplicatedKeysInMapping(let duplicates, let context):
      self.init(
        line: context.mark.line,
        "a key may stand only once in a mapping; twice: \(duplicates.joined(separator: ", "))")
    case .reader(let problem, _, _, _): self.init("it is not valid YAML: \(problem)")
    default: self.init("it is not valid YAML: \(error)")
    }
  }
}

/// Reads the keys of one mapping, each once, and refuses those that nobody asked for.
struct MappingReader {
  private let entries: [(key: ValueNode, value: Node)]
  private let what: String
  private let line: Int?
  private var known: [String] = []

  init(_ node: Node, _ what: String) throws(RecipeError) {
    guard case .mapping(let mapping) = node else {
      let got = node.string.map { "“\($0)”" } ?? "a list"
      let example = what.hasSuffix("architecture") ? ", such as {name: resnet, depth: 8}" : ""
      throw RecipeError(
        line: node.mark?.line, "\(what): expected keys and values\(example), got \(got)")
    }
    self.what = what
    line = node.mark?.line
    entries = try ValueNode(node: node, key: what).merged(mapping).map {
      (ValueNode(node: $0.key, key: what), $0.value)
    }
  }

  /// Whether the key stands there.
  func has(_ key: String) -> Bool { entries.contains { $0.key.node.string == key } }

  mutating func read(
    _ key: String, _ body: (ValueNode) throws(RecipeError) -> Void
  ) throws(RecipeError) {
    known.append(key)
    for entry in entries where try entry.key.text() == key {
      try body(ValueNode(node: entry.value, key: key))
    }
  }

  mutating func require(_ key: String) throws(RecipeError) -> ValueNode {
    var found: ValueNode?
    try read(key) { (node) throws(RecipeError) in found = node }
    guard let found else { throw RecipeError(line: line, "\(what): the key “\(key)” is missing") }
    return found
  }

  func finish() throws(RecipeError) {
    for entry in entries {
      let key = try entry.key.text()
      guard !known.contains(key) else { continue }
      let hint =
        Suggestion.nearest(key, in: known).map { "did you mean “\($0)”?" }
        ?? "known keys: \(known.joined(separator: ", "))"
      throw RecipeError(
        line: entry.key.node.mark?.line, "\(what): unknown key “\(key)”; \(hint)")
    }
  }
}

extension Node {
  /// Without a key, where it is a mapping.
  mutating func remove(_ key: String) {
    guard case .mapping(let mapping) = self else { return }
    self = Node(mapping.filter { $0.key.string != key }.map { ($0.key, $0.value) })
  }

  /// As it was not read from a file: messages about it name no line.
  var withoutMarks: Node {
    switch self {
    case .scalar(var scalar):
      scalar.mark = nil
      return .scalar(scalar)
    case .mapping(let mapping): return Node(mapping.map { ($0.withoutMarks, $1.withoutMarks) })
    case .sequence(let items): return Node(items.map(\.withoutMarks))
    case .alias: return self
    }
  }
}
