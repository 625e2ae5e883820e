/// An architecture that cannot be built: which part of it, what is wrong, what would be right.
public struct ArchitectureError: Error, CustomStringConvertible, Sendable, Equatable {
  /// The part's name, as in a recipe: `name`, `depth`, `width`, `split`, `adapter`, `resolution`.
  public let key: String
  /// What is wrong and what would be right, in one sentence.
  public let description: String

  public init(_ key: String, _ description: String) {
    self.key = key
    self.description = description
  }
}
