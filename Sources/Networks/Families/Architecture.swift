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
    /// gives 8×8 (ours: the paper does not say).
    case small
    /// MobileNetV2 as in Sandler et al. 2018, for 64×64 and above: both at stride 2.
    case standard
  }

  /// Of its family.
  public var name: Name
  /// Weighted layers: 6n + 2, 6n + 4; MobileNetV2 has 53 and no choice.
  public var depth: Int
  /// What the channels are multiplied by: k of WRN-28-k, the width multiplier of MobileNetV2.
  public var width: Double
  /// Where it is cut into extractor and head.
  public var split: Split
  /// Where given, the extractor ends in a 1×1 convolution with batch norm and without activation (a
  /// linear map, as the end of an inverted residual is) to so many channels, and the head takes so
  /// many. Gygli et al. Sec. 5.2 has the convolution; the batch norm is ours.
  public var adapter: Int?
  /// MobileNetV2's, and that of other families whose settings have it; nil for the rest.
  public var resolution: Resolution?

  /// What is left out has the family's default: depth 8, 28, 53; width 1, 2, 1; stage2, stage2,
  /// block11; no adapter; MobileNetV2's strides for images of `imageSize` pixels a side. Where no
  /// family has the name, what is left out is 0, 1 and stage1, and `validate()` throws.
  public init(
    name: Name = .resnet, depth: Int? = nil, width: Double? = nil, split: Split? = nil,
    adapter: Int? = nil, resolution: Resolution? = nil, imageSize: Int = 32
  ) {
    let family = NetworkFamilies.family(named: name)
    self.name = name
    self.depth = depth ?? family?.defaultDepth ?? 0
    self.width = width ?? family?.defaultWidth ?? 1
    self.split = split ?? family?.defaultSplit ?? .stage1
    self.adapter = adapter
    self.resolution = resolution ?? family?.defaultResolution(imageSize: imageSize)
  }
}

extension Architecture.Name: ExpressibleByStringLiteral, CustomStringConvertible {
  public static let resnet: Self = "resnet"
  public static let wideResNet: Self = "wide-resnet"
  public static let mobileNetV2: Self = "mobilenet-v2"

  public init(stringLiteral value: String) { self.init(rawValue: value) }

  public var description: String { rawValue }

  /// Where networks of this name may be cut; nowhere where no family has it.
  public var splits: [Split] { NetworkFamilies.family(named: self)?.splits ?? [] }

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

extension Architecture: CustomStringConvertible {
  /// For example `resnet-56`, `resnet-56-2`, `wide-resnet-28-2`, `mobilenet-v2`,
  /// `mobilenet-v2-0.5`.
  public var description: String {
    NetworkFamilies.family(named: name)?.description(of: self) ?? name.rawValue
  }

  /// `2`, `0.5`.
  public var widthText: String {
    guard let whole = Int(exactly: width) else { return "\(width)" }
    return "\(whole)"
  }

  /// Whether recipes state the depth: where the family has a choice of it. Files always do.
  public var statesDepth: Bool {
    NetworkFamilies.family(named: name)?.settings.contains(.depth) ?? true
  }

  /// Whether recipes and files state the width: not where the family has no choice of it, nor where
  /// earlier versions stated none.
  public var statesWidth: Bool {
    guard let family = NetworkFamilies.family(named: name) else { return true }
    return family.settings.contains(.width)
      && !(family.omitsDefaultWidth && width == family.defaultWidth)
  }
}

/// As JSON; what a plain ResNet has no use for is left out, so that files of earlier versions read
/// and equal ones are written.
extension Architecture: Codable {
  private enum CodingKeys: CodingKey { case name, depth, width, split, adapter, resolution }

  /// - Throws: `ArchitectureError` where no family of the name is registered, `DecodingError`.
  ///   Sizes are not looked at: `validate()` does that.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    let name = try values.decode(Name.self, forKey: .name)
    _ = try NetworkFamilies.known(name)
    self.init(
      name: name,
      depth: try values.decode(Int.self, forKey: .depth),
      width: try values.decodeIfPresent(Double.self, forKey: .width),
      split: try values.decode(Split.self, forKey: .split),
      adapter: try values.decodeIfPresent(Int.self, forKey: .adapter),
      resolution: try values.decodeIfPresent(Resolution.self, forKey: .resolution))
  }

  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(name, forKey: .name)
    try values.encode(depth, forKey: .depth)
    if statesWidth { try values.encode(width, forKey: .width) }
    try values.encode(split, forKey: .split)
    try values.encodeIfPresent(adapter, forKey: .adapter)
    try values.encodeIfPresent(resolution, forKey: .resolution)
  }
}
