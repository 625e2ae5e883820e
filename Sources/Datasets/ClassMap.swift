import Foundation

/// Which classes the tasks have in common, by name.
public struct ClassMap: Sendable {
  /// Canonical class names of each task, by label.
  public let names: [[String]]
  /// C: the names that at least two tasks have, sorted.
  public let common: [String]

  /// Names are equal in whatever form Unicode has for them and however many blanks stand in them.
  /// Names that differ in case alone are one class in different tasks, by the spelling of the first
  /// task that has it; where one task has both spellings, as handwritten letters are “a” and “A”,
  /// they are two, and case counts in all tasks.
  /// - Parameter tasks: class names by label, and synonyms: this data set's name to the canonical
  ///   one. Labels of one synonym have one name.
  public init(
    _ tasks: [(classNames: [String], synonyms: [String: String])]
  ) throws(ClassMapError) {
    var all: [[String]] = []
    for task in tasks {
      let own = task.classNames.map(Self.canonical)
      var renamed: [Int: String] = [:]
      for (name, synonym) in task.synonyms {
        guard let label = Self.label(of: name, in: own) else {
          throw ClassMapError(
            description: "synonyms: there is no class “\(name)”; the classes are "
              + task.classNames.joined(separator: ", "))
        }
        renamed[label] = Self.canonical(synonym)
      }
      let canonical = own.enumerated().map { renamed[$0.offset] ?? $0.element }
      for (label, name) in own.enumerated() {
        guard let before = own[..<label].firstIndex(of: name) else { continue }
        throw ClassMapError(
          description: "the classes “\(task.classNames[label])” and "
            + "“\(task.classNames[before])” would both be “\(name)”")
      }
      all.append(canonical)
    }
    names = Self.oneSpelling(all)
    var tasksWith: [String: Int] = [:]
    for name in names.flatMap(Set.init) { tasksWith[name, default: 0] += 1 }
    common = tasksWith.filter { $0.value >= 2 }.keys.sorted()
  }

  /// In composed form, one blank between words, with its case.
  static func canonical(_ name: String) -> String {
    name.precomposedStringWithCanonicalMapping.split(whereSeparator: \.isWhitespace)
      .joined(separator: " ")
  }

  /// The class of that name, or else the only one that differs in case alone.
  static func label(of name: String, in canonicalNames: [String]) -> Int? {
    let wanted = canonical(name)
    if let exact = canonicalNames.firstIndex(of: wanted) { return exact }
    let alike = canonicalNames.indices.filter {
      canonicalNames[$0].lowercased() == wanted.lowercased()
    }
    return alike.count == 1 ? alike[0] : nil
  }

  private static func oneSpelling(_ tasks: [[String]]) -> [[String]] {
    var spelling: [String: String] = [:]
    var ambiguous: Set<String> = []
    for names in tasks {
      var seen: Set<String> = []
      for name in Set(names).sorted() {
        let key = name.lowercased()
        if !seen.insert(key).inserted { ambiguous.insert(key) }
        if spelling[key] == nil { spelling[key] = name }
      }
    }
    return tasks.map { names in
      names.map { ambiguous.contains($0.lowercased()) ? $0 : spelling[$0.lowercased()]! }
    }
  }

  /// Class names of data, spelled as a head spells them where they differ in case alone.
  public static func spelled(_ names: [String], as known: [String]) -> [String] {
    oneSpelling([known, names.map(canonical)])[1]
  }

  /// The names that both tasks have, sorted.
  public func common(_ a: Int, _ b: Int) -> [String] {
    Set(names[a]).intersection(names[b]).sorted()
  }

  /// For each label of `task` its index in `classes`, or −1; spellings that differ in case alone
  /// are one class, as between tasks.
  public func indices(of task: Int, in classes: [String]) -> [Int32] {
    Self.spelled(names[task], as: classes).map { Int32(classes.firstIndex(of: $0) ?? -1) }
  }
}

/// Synonyms that do not fit the classes.
public struct ClassMapError: Error, CustomStringConvertible, Sendable, Equatable {
  public let description: String
}
