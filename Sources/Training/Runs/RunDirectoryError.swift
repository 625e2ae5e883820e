/// A run directory that cannot be used.
public struct RunDirectoryError: Error, CustomStringConvertible, Sendable {
  public enum Kind: Sendable {
    /// Exit status 66.
    case missing
    /// 65.
    case malformed
    /// 73.
    case cannotCreate
    /// 74.
    case cannotWrite
  }

  public let kind: Kind
  public let path: String
  public let problem: String

  public init(kind: Kind, path: String, problem: String) {
    (self.kind, self.path, self.problem) = (kind, path, problem)
  }

  public var description: String { "\(path): \(problem)" }
}
