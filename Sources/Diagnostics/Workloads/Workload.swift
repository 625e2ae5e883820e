public import Tensors

/// An op of the contract at one size: what the bench times and the doctor compares. Both take it
/// from here, so a new op or a new way of fusing is a row in one catalog.
///
/// Letters as everywhere: N batch, H W input height and width, C channels in, K channels out, R S
/// filter. What an op has no use for is 1, or 0 for K where channels stay what they are.
public struct Workload: Sendable {
  /// Which op of the contract.
  public let op: OpName
  /// Where the size comes from: "ResNet-56, stage 1".
  public let place: String
  /// The images of the batch, their height and width, and their channels.
  public let n: Int, h: Int, w: Int, c: Int
  /// Channels out, and height and width of the filter or window.
  public let k: Int, r: Int, s: Int
  /// Pixels of the input from one output to the next.
  public let stride: Int
  /// Whether a convolution normalizes what it reads and leaves sums for what comes next.
  public let fused: Bool
  /// The batch norm's, where the op normalizes.
  public let activation: Activation

  public init(
    _ op: OpName, _ place: String, n: Int, h: Int = 1, w: Int = 1, c: Int, k: Int = 0, r: Int = 1,
    s: Int = 1, stride: Int = 1, fused: Bool = false, activation: Activation = .relu
  ) {
    (self.op, self.place) = (op, place)
    (self.n, self.h, self.w, self.c, self.k, self.r, self.s) = (n, h, w, c, k, r, s)
    (self.stride, self.fused, self.activation) = (stride, fused, activation)
  }

  /// Filters that are the same for all channels stand alone: 1; depthwise ones: C.
  public var groups: Int { isDepthwise ? c : 1 }

  /// Zeros above and below; beside it s / 2.
  public var padding: Int { r / 2 }
  /// Output height.
  public var p: Int { (h + 2 * padding - r) / stride + 1 }
  /// Output width.
  public var q: Int { (w + 2 * (s / 2) - s) / stride + 1 }

  /// Two for each multiplication with its addition, as a direct convolution has them, whatever the
  /// algorithm: 2·N·P·Q·K·C·R·S (depthwise 2·N·P·Q·C·R·S, linear 2·N·C·K); nil for ops that have
  /// next to no arithmetic.
  public var nominalOperations: Double? {
    let pixels = Double(n * p * q)
    switch op {
    case .convolutionForward, .convolutionDataGradient, .convolutionFilterGradient:
      return 2 * pixels * Double(k * c * r * s)
    case .convolutionGradients: return 4 * pixels * Double(k * c * r * s)
    case .depthwiseForward, .depthwiseDataGradient, .depthwiseFilterGradient:
      return 2 * pixels * Double(c * r * s)
    case .linearForward, .linearDataGradient, .linearParameterGradient:
      return 2 * Double(n * c * k)
    default: return nil
    }
  }

  /// Which ceiling it is held against: that of arithmetic, or that of memory.
  public var isArithmetic: Bool { nominalOperations != nil && !isDepthwise }

  private var isDepthwise: Bool {
    switch op {
    case .depthwiseForward, .depthwiseDataGradient, .depthwiseFilterGradient: true
    default: false
    }
  }

  /// For example `16→32 3×3 /2, 32×32`.
  public var sizes: String {
    var text = "\(c)" + (k > 0 && k != c ? "→\(k)" : "")
    if r > 1 || s > 1 { text += " \(r)×\(s)" }
    if stride > 1 { text += " /\(stride)" }
    if h > 1 || w > 1 { text += ", \(h)×\(w)" }
    return text
  }
}
