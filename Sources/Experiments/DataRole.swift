public import Datasets

/// A data set of the paper; what stands in for it is given under its role.
public enum DataRole: String, Codable, Sendable, CaseIterable {
  case cifar10, stl10

  /// As the paper calls it.
  public var title: String { self == .cifar10 ? "CIFAR-10" : "STL-10" }

  /// Drawn by code, for the smoke scale.
  var madeUp: DatasetKind { self == .cifar10 ? .madeUpInk : .madeUpNeon }

  /// The original's loader; any other kind is a stand-in.
  var original: DatasetKind { self == .cifar10 ? .cifar10 : .stl10 }
}

/// What is taken for a role: `ROLE=KIND:PATH`.
public struct DataSource: Hashable, Sendable {
  public let role: DataRole
  public let kind: DatasetKind
  public let path: String?

  public init(role: DataRole, kind: DatasetKind, path: String?) {
    (self.role, self.kind, self.path) = (role, kind, path)
  }

  /// Name of the task: the role's where it is the original, else the kind's, so that no stand-in
  /// bears the original's name.
  var taskName: String {
    if kind == role.original { return role.rawValue }
    let name = path.map { String($0.split(separator: "/").last ?? "folder") } ?? kind.rawValue
    let plain = name.unicodeScalars.allSatisfy {
      $0.isASCII
        && ($0.properties.isAlphabetic || ("0"..."9").contains($0)
          || "-_".unicodeScalars.contains($0))
    }
    return plain && !DataRole.allCases.map(\.rawValue).contains(name) && name != "auxiliary"
      ? name : "\(role.rawValue)-stand-in"
  }
}
