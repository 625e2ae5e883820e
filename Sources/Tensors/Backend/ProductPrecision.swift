/// What the factors of convolutions' products are rounded to; sums are float32 either way.
public enum ProductPrecision: String, CaseIterable, Sendable {
  /// Not rounded.
  case float32
  /// To ten bits of mantissa, as tensor cores take them: errors of some 5e-4 of the largest value.
  /// Convolutions of few channels, depthwise ones and linear layers stay float32.
  case tf32
}

extension Backend {
  /// As lineage and checkpoints state it: nothing where it is float32.
  public var statedPrecision: String? {
    precision == .float32 ? nil : precision.rawValue
  }
}
