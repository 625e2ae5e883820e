/// A data set that cannot be read: what, where, expected and got, what to do.
public struct DatasetError: Error, CustomStringConvertible, Sendable, Equatable {
  public enum Kind: Sendable, Equatable {
    /// A file or folder is not there (exit status 66).
    case missing
    /// It is there, and is not what it should be (exit status 65).
    case malformed
  }

  public let kind: Kind
  public let path: String
  public let problem: String
  public let advice: String

  public init(_ kind: Kind, path: String, problem: String, advice: String) {
    self.kind = kind
    self.path = path
    self.problem = problem
    self.advice = advice
  }

  public var description: String { "\(path): \(problem). \(advice)" }
}
