/// A backend that looks at what every op puts out, and stops at the first value that is no finite
/// number: later ops do nothing, and `synchronize()` and `download(_:)` throw an `AnomalyError`.
public protocol AnomalyDetecting: Backend {
  /// Tells what a tensor is called, for the error.
  func name(_ tensor: Tensor, _ name: String)
}

/// The op that first put out a value that is no finite number.
public struct AnomalyError: Error, CustomStringConvertible, Sendable {
  /// What put it out.
  public let op: OpName
  /// The parameter that the op read; or the one that an op before it read last, where it reads
  /// none.
  public let parameter: String?
  /// Whether the op itself read `parameter`.
  public let readsParameter: Bool
  /// Of the output.
  public let shape: [Int]
  /// How many of the output's values are not finite.
  public let notFinite: Int

  public init(
    op: OpName, parameter: String?, readsParameter: Bool, shape: [Int], notFinite: Int
  ) {
    (self.op, self.parameter, self.readsParameter) = (op, parameter, readsParameter)
    (self.shape, self.notFinite) = (shape, notFinite)
  }

  public var description: String {
    let place = parameter.map { (readsParameter ? " with " : " somewhere after ") + $0 } ?? ""
    return "\(op)\(place) put out \(notFinite) of \(shape.reduce(1, *)) values that are not finite "
      + "(shape \(shape))"
  }
}
