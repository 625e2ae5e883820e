/// What to do about an error, in the library's words. Whoever has better ones, as a command has
/// with its options, tells by the value which advice it is.
public struct ErrorAdvice: Hashable, Sendable, CustomStringConvertible,
  ExpressibleByStringInterpolation
{
  public let description: String

  public init(stringLiteral text: String) { description = text }
}

/// An error whose description ends in its advice, where it has any.
public protocol AdvisedError: Error, CustomStringConvertible {
  var advice: ErrorAdvice? { get }
}
