import Dovetail

/// A component in words.
enum ComponentText {
  static func text(_ component: ComponentFile.Summary) -> String {
    var rows = [("kind", component.kind.rawValue), ("digest of the weights", component.digest)]
    rows.append(
      (
        "feature space",
        component.featureSpace.isUnknown
          ? "none stated: it fits nothing"
          : component.featureSpace.anchors.map {
            "\($0.kind.rawValue) \($0.digest)" + ($0.isAligned ? " (by alignment)" : "")
          }
          .joined(separator: "\n")
      ))
    for part in component.parts {
      if component.parts.count > 1 { rows.append(("part", "\(part.kind.rawValue) \(part.digest)")) }
      rows += self.rows(part)
    }
    if component.featureSpace.isAligned { rows.append(("note", Fit.alignedWords)) }
    if let lineage = component.lineage { rows += self.rows(lineage) }
    let width = rows.map(\.0.count).max() ?? 0
    return rows.map { label, value in
      let indent = String(repeating: " ", count: width + 2)
      let lines = value.split(separator: "\n").joined(separator: "\n\(indent)")
      return label + String(repeating: " ", count: width + 2 - label.count) + lines
    }.joined(separator: "\n")
  }

  private static func rows(_ part: ComponentHeader) -> [(String, String)] {
    let interface = part.interface
    let size = interface.spatialSize.map { "\($0)×\($0)" } ?? "any size"
    var rows = [
      ("architecture", "\(part.architecture), cut after \(part.architecture.split)"),
      (
        "interface",
        "\(interface.channels) channels, \(interface.activation.rawValue), \(size), batch norm: "
          + interface.batchNorm.rawValue
      ),
    ]
    if let affine = part.architecture.affineAdapter {
      rows.append(
        ("affine adapter", "to \(affine.channels) channels, then \(affine.activation.rawValue)"))
    }
    if let preprocessing = part.preprocessing {
      rows.append(("preprocessing", "\(preprocessing)"))
    }
    if let classNames = part.classNames {
      rows.append(("classes (\(classNames.count))", classNames.joined(separator: ", ")))
    }
    if let task = part.auxiliaryTask { rows.append(("auxiliary task", task.rawValue)) }
    return rows
  }

  private static func text(_ alignment: Lineage.Alignment) -> String {
    "\(alignment.method), \(alignment.images) images"
      + (alignment.ridge.map { ", ridge \($0)" } ?? "")
  }

  private static func rows(_ lineage: Lineage) -> [(String, String)] {
    func names(_ relatives: [Lineage.Relative]) -> String {
      relatives.map { relative in
        [relative.role, relative.name, String(relative.digest.prefix(12))].compactMap { $0 }
          .joined(separator: " ")
      }.joined(separator: ", ")
    }
    let values: [(String, String?)] = [
      ("origin", "\(lineage.origin.rawValue), \(lineage.madeBy)"), ("task", lineage.task),
      ("methods", lineage.methods.map { $0.isEmpty ? "none" : $0.joined(separator: ", ") }),
      ("alignment", lineage.alignment.map(text)), ("adaptation", lineage.adaptation),
      ("shared heads", lineage.sharedHeads),
      ("scheme", lineage.scheme),
      ("data", lineage.data?.map { "\($0.name) \($0.digest.prefix(12))" }.joined(separator: ", ")),
      ("seed", lineage.seed.map(String.init)), ("device", lineage.device),
      ("precision", lineage.precision),
      ("made from", lineage.parents.map(names)), ("made with", lineage.partners.map(names)),
      (
        "note",
        lineage.differentSpaceAllowed == true ? "joined although the feature spaces differ" : nil
      ),
    ]
    return values.compactMap { label, value in value.map { (label, $0) } }
  }
}
