public import Files

/// A data set that cannot be read: what, where, expected and got, what to do.
public struct DatasetError: AdvisedError, Sendable, Equatable {
  /// Whether something is missing, or not as it should be.
  public enum Kind: Sendable, Equatable {
    /// A file or folder is not there.
    case missing
    /// It is there, and is not what it should be.
    case malformed
  }

  /// Whether something is missing, or not as it should be.
  public let kind: Kind
  /// The file or folder.
  public let path: String
  /// What is wrong with it: expected and got.
  public let problem: String
  /// What to do; nil where nothing can be said.
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
