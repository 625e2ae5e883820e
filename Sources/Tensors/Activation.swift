/// What follows a normalization, element by element; its derivative is 1 strictly between its
/// bounds and 0 elsewhere, so that it can be told from the output alone.
public enum Activation: String, Codable, Sendable, CaseIterable {
  /// The identity.
  case none
  /// max(x, 0).
  case relu
  /// min(max(x, 0), 6) (Sandler et al. 2018).
  case relu6

  /// Outputs are clamped to this range; infinite where there is no bound.
  public var bounds: (low: Float, high: Float) {
    switch self {
    case .none: (-.infinity, .infinity)
    case .relu: (0, .infinity)
    case .relu6: (0, 6)
    }
  }
}
