/// What makes images harder to know, in one of five strengths, after Hendrycks and Dietterich 2019.
///
/// The strengths' parameters are those of the authors' published code for CIFAR-10-C; the code is
/// ours. Lengths are for images of 32 pixels, and grow with the image.
public struct Corruption: Hashable, Sendable, CustomStringConvertible {
  /// What is done.
  public enum Kind: String, Sendable, CaseIterable {
    /// Each value plus a normal number.
    case gaussianNoise = "gaussian-noise"
    /// A Gaussian filter; beyond the border stands the border's pixel.
    case gaussianBlur = "gaussian-blur"
    /// Each channel is drawn towards its mean over the image.
    case contrast
    /// Fewer, larger pixels.
    case pixelation
    /// Once through JPEG, with chroma at half the resolution.
    case jpeg

    /// By strength: standard deviation of values in [0, 1]; of the filter, in pixels; what is left
    /// of the contrast; pixels a side, as a share; quality.
    var parameters: [Double] {
      switch self {
      case .gaussianNoise: [0.04, 0.06, 0.08, 0.09, 0.10]
      case .gaussianBlur: [0.4, 0.6, 0.7, 0.8, 1]
      case .contrast: [0.75, 0.5, 0.4, 0.3, 0.15]
      case .pixelation: [0.95, 0.9, 0.85, 0.75, 0.65]
      case .jpeg: [80, 65, 58, 50, 40]
      }
    }
  }

  /// From the weakest to the strongest.
  public static let strengths = 1...5
  /// For messages about text that is none.
  public static let expected =
    "expected a kind and a strength from 1 to 5, such as jpeg:5, with a kind of "
    + Kind.allCases.map(\.rawValue).joined(separator: ", ")

  /// What is done.
  public let kind: Kind
  /// How much of it: 1 to 5.
  public let strength: Int

  /// - Precondition: a strength from 1 to 5.
  public init(_ kind: Kind, strength: Int) {
    precondition(Self.strengths.contains(strength), "a corruption of strength \(strength)")
    (self.kind, self.strength) = (kind, strength)
  }

  /// As `description` has it; nil for other text.
  public init?(_ text: String) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, let kind = Kind(rawValue: String(parts[0])),
      let strength = Int(parts[1]), Self.strengths.contains(strength), parts[1].count == 1
    else { return nil }
    self.init(kind, strength: strength)
  }

  /// For example `gaussian-noise:5`.
  public var description: String { "\(kind.rawValue):\(strength)" }

  var parameter: Double { kind.parameters[strength - 1] }
}
