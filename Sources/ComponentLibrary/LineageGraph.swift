import Certification
import Components

extension ComponentLibrary {
  /// An entry's ancestors, what it was trained with, what was made from it and what was certified
  /// of it, as a tree of text; “not here” is what the library does not hold.
  public func lineage(of entry: Entry) throws -> String {
    LineageGraph(entries: try contents().entries).text(entry)
  }
}

/// Entries by the digests of their weights.
struct LineageGraph {
  private static let maximumDepth = 12
  let entries: [ComponentLibrary.Entry]

  func text(_ entry: ComponentLibrary.Entry) -> String {
    var lines = [name(entry)]
    append(entry, indent: "", seen: [entry.weights], to: &lines)
    return lines.joined(separator: "\n")
  }

  /// - Parameter seen: weights on the way from the root: files may claim what they like, so a line
  ///   that would come back to itself ends.
  private func append(
    _ entry: ComponentLibrary.Entry, indent: String, seen: Set<String>, to lines: inout [String]
  ) {
    let lineage = entry.component?.lineage
    var children: [(label: String, entry: ComponentLibrary.Entry?)] = []
    for parent in lineage?.parents ?? [] {
      children.append(("from \(text(parent))", find(parent.digest)))
    }
    for data in lineage?.data ?? [] {
      children.append(("on \(data.name) \(data.digest.prefix(12))", nil))
    }
    let isRoot = indent.isEmpty
    if isRoot {
      for partner in lineage?.partners ?? [] {
        let here = find(partner.digest) == nil ? " (not here)" : ""
        children.append(("with \(text(partner))\(here)", nil))
      }
      for other in entries where !entry.weights.isEmpty {
        if other.component?.lineage?.parents?.contains(where: { $0.digest == entry.weights })
          == true
        {
          children.append(("to \(name(other))", nil))
        }
        if let certificate = other.certificate,
          [certificate.extractor.digest, certificate.head.digest].contains(entry.weights)
        {
          children.append(("certified: \(name(other))", nil))
        }
      }
    }
    for (index, child) in children.enumerated() {
      let isLast = index == children.count - 1
      let isParent = child.label.hasPrefix("from ")
      let missing = isParent && child.entry == nil ? " (not here)" : ""
      lines.append("\(indent)\(isLast ? "└─ " : "├─ ")\(child.label)\(missing)")
      if let next = child.entry, !seen.contains(next.weights), seen.count < Self.maximumDepth {
        append(
          next, indent: indent + (isLast ? "   " : "│  "), seen: seen.union([next.weights]),
          to: &lines)
      }
    }
  }

  private func find(_ weights: String) -> ComponentLibrary.Entry? {
    entries.first { $0.weights == weights }
  }

  private func text(_ relative: Lineage.Relative) -> String {
    [relative.role, relative.name.map { "of \($0)" }, String(relative.digest.prefix(12))]
      .compactMap { $0 }.joined(separator: " ")
  }

  private func name(_ entry: ComponentLibrary.Entry) -> String {
    switch entry.content {
    case .component(let component):
      [
        component.kind.rawValue, component.lineage?.task.map { "of \($0)" },
        String(component.digest.prefix(12)),
      ].compactMap { $0 }.joined(separator: " ")
    case .certificate(let certificate):
      "\(certificate.verdict.rawValue) on \(certificate.data.name), certificate "
        + entry.digest.prefix(12)
    }
  }
}
