public import Tensors

/// A network as data: from it extractor and head are rebuilt.
///
/// Networks of different architectures present one interface where their `adapter` is the same: the
/// head of any of them then takes the features of all, whatever their height and width (its global
/// average pool absorbs them).
public struct Architecture: Hashable, Sendable {
  /// The name of a family of networks, as in recipes and files. Any text is a name; whether there
  /// is such a family, `NetworkFamilies` knows, and `validate()` says.
  public struct Name: RawRepresentable, Hashable, Codable, Sendable {
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }
  }

  /// Strides for small or large images, of families that have both.
  public enum Resolution: String, Codable, Sendable, CaseIterable {
    /// MobileNetV2 for images of 32×32: stem and 24-channel stage at stride 1, so that block 11
    /// gives 8×8 (ours: the paper does not say). An ImageNet ResNet for images of up to 64×64: a 3×3
    /// stem at stride 1, no pooling.
    case small
    /// MobileNetV2 as in Sandler et al. 2018, for 64×64 and above: both at stride 2. An ImageNet
    /// ResNet as in He et al. 2016: a 7×7 stem at stride 2, max pooling.
    case standard
  }

  /// A 1×1 convolution with bias and without batch norm, then an activation.
  public struct AffineAdapter: Hashable, Codable, Sendable {
    public var channels: Int
    /// What follows it, which is what the head takes.
    public var activation: Activation

    public init(channels: Int, activation: Activation) {
      (self.channels, self.activation) = (channels, activation)
    }
  }

  /// What stands beside a ResNet's block where its shape changes.
  public typealias Shortcut = ResidualShortcut

  /// Of its family.
  public var name: Name
  /// Weighted layers: 6n + 2, 6n + 4; 18, 34, 50 or 101; MobileNetV2 has 53 and no choice.
  public var depth: Int
  /// What the channels are multiplied by: k of WRN-28-k, the width multiplier of MobileNetV2.
  public var width: Double
  /// Where it is cut into extractor and head.
  public var split: Split
  /// Where given, the extractor ends in a 1×1 convolution with batch norm and without activation (a
  /// linear map, as the end of an inverted residual is) to so many channels, and the head takes so
  /// many. Gygli et al. Sec. 5.2 has the convolution; the batch norm is ours.
  public var adapter: Int?
  /// Where given, the extractor ends in such a map, behind an adapter if it has one. Aligning two
  /// trained extractors makes it (`Alignment`).
  public var affineAdapter: AffineAdapter?
  /// Of families whose settings have it; nil for the rest.
  public var resolution: Resolution?

  /// A ResNet's; of other families the standard one.
  public var shortcut = Shortcut.standard

  /// Each as it is given; `init(name:depth:width:split:adapter:resolution:imageSize:)` asks the
  /// family for what is left out.
  init(
    exactly name: Name, depth: Int, width: Double, split: Split, adapter: Int?,
    resolution: Resolution?
  ) {
    (self.name, self.depth, self.width, self.split) = (name, depth, width, split)
    (self.adapter, self.resolution) = (adapter, resolution)
  }
}

extension Architecture.Name: ExpressibleByStringLiteral, CustomStringConvertible {
  public static let resnet: Self = "resnet"
  public static let wideResNet: Self = "wide-resnet"
  public static let imageNetResNet: Self = "imagenet-resnet"
  public static let mobileNetV2: Self = "mobilenet-v2"

  public init(stringLiteral value: String) { self.init(rawValue: value) }

  public var description: String { rawValue }

  /// “a resnet”, “an imagenet-resnet”.
  public var withArticle: String {
    "\("aeiou".contains(rawValue.prefix(1)) && !rawValue.isEmpty ? "an" : "a") \(rawValue)"
  }

  /// What needs no quotes in a recipe: lower-case letters, digits and hyphens, a letter first.
  var isValid: Bool {
    guard let first = rawValue.utf8.first, Self.isLetter(first) else { return false }
    return rawValue.utf8.allSatisfy {
      Self.isLetter($0) || UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || $0 == UInt8(ascii: "-")
    }
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte
  }
}

extension Architecture {
  /// `2`, `0.5`.
  public var widthText: String { Self.text(width) }

  public static func text(_ width: Double) -> String {
    guard let whole = Int(exactly: width) else { return "\(width)" }
    return "\(whole)"
  }
}
