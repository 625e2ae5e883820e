/// A file or folder that cannot be used: which, what is wrong with it, what to do.
public struct FileError: AdvisedError, Sendable {
  /// What is the matter with it, in kind: exit statuses follow from that.
  public enum Kind: Sendable {
    /// It is not there, or cannot be read.
    case missing
    /// It is there, and is not what it should be.
    case malformed
    case cannotCreate
    case cannotWrite
    /// What was named could be one of several.
    case ambiguous
  }

  /// What is the matter with it, in kind.
  public let kind: Kind
  /// The file or folder.
  public let path: String
  /// What is wrong with it: expected and got.
  public let problem: String
  /// What to do; nil where nothing can be said.
  public let advice: ErrorAdvice?

  public init(kind: Kind, path: String, problem: String, advice: ErrorAdvice? = nil) {
    self.kind = kind
    self.path = path
    self.problem = problem
    self.advice = advice
  }

  public var description: String {
    "\(path): \(problem)" + (advice.map { "; \($0)" } ?? "")
  }
}
