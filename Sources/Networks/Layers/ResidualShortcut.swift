/// What stands beside a residual block where its shape changes.
public enum ResidualShortcut: String, Codable, Sendable, CaseIterable {
  /// Every stride-th pixel, and zeros for the new channels: He et al. 2016, option A.
  case padding
  /// A 1×1 convolution with batch norm: option B.
  case projection

  /// Where nothing is said.
  public static let standard = padding
}
