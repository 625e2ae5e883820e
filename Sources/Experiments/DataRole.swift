public import Datasets

/// A data set of the paper; what stands in for it is given under its role.
public enum DataRole: String, Codable, Sendable, CaseIterable {
  case cifar10, cifar100, stl10, ilsvrc12

  /// As the paper calls it.
  public var title: String {
    switch self {
    case .cifar10: "CIFAR-10"
    case .cifar100: "CIFAR-100"
    case .stl10: "STL-10"
    case .ilsvrc12: "ILSVRC-12"
    }
  }

  /// Drawn by code, for the smoke scale.
  var synthetic: DatasetKind {
    switch self {
    case .cifar10, .cifar100: .syntheticInk
    case .stl10, .ilsvrc12: .syntheticNeon
    }
  }

  /// The original's loader; ILSVRC-12's is that of any image folder.
  public var original: DatasetKind {
    switch self {
    case .cifar10: .cifar10
    case .cifar100: .cifar100
    case .stl10: .stl10
    case .ilsvrc12: .folder
    }
  }
}

/// What is taken for a role: `ROLE=KIND:PATH`.
public struct DataSource: Hashable, Sendable {
  public let role: DataRole
  public let kind: DatasetKind
  public let path: String?
  /// What its user calls it, where it is no stand-in but a set of one's own.
  public let name: String?
  /// Of a folder without a test part: this share of each class is held out as one.
  public let test: Double?

  public init(
    role: DataRole, kind: DatasetKind, path: String?, name: String? = nil, test: Double? = nil
  ) {
    (self.role, self.kind, self.path, self.name) = (role, kind, path, name)
    self.test = test
  }

  /// Nobody can tell ILSVRC-12 from another folder: only its whole bears its name.
  private static let ilsvrc12Classes = 1000

  func isOriginal(_ dataset: Dataset) -> Bool {
    kind == role.original
      && (role != .ilsvrc12 || dataset.classNames.count == Self.ilsvrc12Classes)
  }

  /// Name of the task: the role's where it is the original, else the kind's, so that no stand-in
  /// bears the original's name.
  var taskName: String {
    if let name { return name }
    if kind == role.original, kind != .folder { return role.rawValue }
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

/// A role that an experiment cannot do without has no data.
public struct MissingDataError: Error, CustomStringConvertible, Sendable {
  public let role: DataRole

  public var description: String {
    "no data for \(role.rawValue): give \(role.title), or an image folder that stands in for it"
  }
}
