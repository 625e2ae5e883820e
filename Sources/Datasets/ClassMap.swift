/// Which classes the tasks have in common, by name.
public struct ClassMap: Sendable {
  /// Canonical class names of each task, by label.
  public let names: [[String]]
  /// C: the names that at least two tasks have, sorted.
  public let common: [String]

  /// - Parameter tasks: class names by label, and synonyms: this data set's name to the canonical
  ///   one. Names are compared without regard to case.
  public init(
    _ tasks: [(classNames: [String], synonyms: [String: String])]
  ) throws(ClassMapError) {
    var all: [[String]] = []
    for task in tasks {
      let own = task.classNames.map(Self.canonical)
      var renamed: [String: String] = [:]
      for (name, synonym) in task.synonyms {
        guard own.contains(Self.canonical(name)) else {
          throw ClassMapError(
            description: "synonyms: there is no class “\(name)”; the classes are "
              + task.classNames.joined(separator: ", "))
        }
        renamed[Self.canonical(name)] = Self.canonical(synonym)
      }
      let canonical = own.map { renamed[$0] ?? $0 }
      for (label, name) in canonical.enumerated() where canonical[..<label].contains(name) {
        throw ClassMapError(
          description: "synonyms: the classes “\(task.classNames[label])” and "
            + "“\(task.classNames[canonical.firstIndex(of: name)!])” would both be “\(name)”")
      }
      all.append(canonical)
    }
    names = all
    var tasksWith: [String: Int] = [:]
    for name in all.joined() { tasksWith[name, default: 0] += 1 }
    common = tasksWith.filter { $0.value >= 2 }.keys.sorted()
  }

  private static func canonical(_ name: String) -> String {
    name.lowercased().split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }

  /// The names that both tasks have, sorted.
  public func common(_ a: Int, _ b: Int) -> [String] {
    Set(names[a]).intersection(names[b]).sorted()
  }

  /// For each label of `task` its index in `classes`, or −1.
  public func indices(of task: Int, in classes: [String]) -> [Int32] {
    names[task].map { Int32(classes.firstIndex(of: $0) ?? -1) }
  }
}

/// Synonyms that do not fit the classes.
public struct ClassMapError: Error, CustomStringConvertible, Sendable, Equatable {
  public let description: String
}
