public import Files

/// A data set that cannot be read: what, where, expected and got, what to do.
public struct DatasetError: AdvisedError, Sendable, Equatable {
  public enum Kind: Sendable, Equatable {
    /// A file or folder is not there.
    case missing
    /// It is there, and is not what it should be.
    case malformed
  }

  public let kind: Kind
  public let path: String
  public let problem: String
  public let advice: ErrorAdvice?

  public init(_ kind: Kind, path: String, problem: String, advice: String) {
    self.init(kind, path: path, problem: problem, advice: ErrorAdvice(stringLiteral: advice))
  }

  public init(_ kind: Kind, path: String, problem: String, advice: ErrorAdvice?) {
    self.kind = kind
    self.path = path
    self.problem = problem
    self.advice = advice
  }

  public var description: String { "\(path): \(problem)" + (advice.map { ". \($0)" } ?? "") }
}
