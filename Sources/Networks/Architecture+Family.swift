// What an architecture leaves to its family, which its name finds: defaults, places for a cut, how
// it is written.

extension Architecture {
  /// What is left out has the family's default: depth 8, 28, 53; width 1, 2, 1; stage2, stage2,
  /// block11; no adapter; MobileNetV2's strides for images of `imageSize` pixels a side. Where no
  /// family has the name, what is left out is 0, 1 and stage1, and `validate()` throws.
  public init(
    name: Name = .resnet, depth: Int? = nil, width: Double? = nil, split: Split? = nil,
    adapter: Int? = nil, resolution: Resolution? = nil, shortcut: Shortcut = .standard,
    imageSize: Int = 32
  ) {
    let family = NetworkFamilies.family(named: name)
    self.init(
      exactly: name,
      depth: depth ?? family?.defaultDepth ?? 0,
      width: width ?? family?.defaultWidth ?? 1,
      split: split ?? family?.defaultSplit ?? .stage1,
      adapter: adapter,
      resolution: resolution ?? family?.defaultResolution(imageSize: imageSize))
    self.shortcut = shortcut
  }
}

extension Architecture.Name {
  /// Where networks of this name may be cut; nowhere where no family has it.
  public var splits: [Split] { NetworkFamilies.family(named: self)?.splits ?? [] }
}

extension Architecture: CustomStringConvertible {
  /// For example `resnet-56`, `resnet-56-2`, `wide-resnet-28-2`, `mobilenet-v2`,
  /// `mobilenet-v2-0.5`.
  public var description: String {
    NetworkFamilies.family(named: name)?.description(of: self) ?? name.rawValue
  }

  /// With all that has to agree where a network goes on from another's weights:
  /// “resnet-8 cut after stage2, adapter 64”.
  public var inFull: String {
    var parts = ["\(self) cut after \(split)"]
    if let adapter { parts.append("adapter \(adapter)") }
    if let resolution { parts.append("resolution \(resolution.rawValue)") }
    return parts.joined(separator: ", ")
  }

  /// Whether the other is the same but for an adapter that it lacks.
  public func isAdapted(_ other: Architecture) -> Bool {
    var plain = self
    plain.adapter = nil
    return adapter != nil && plain == other
  }

  /// What its name may promise that it does not hold; nil for most.
  public var remark: String? { NetworkFamilies.family(named: name)?.remark(on: self) }

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
  private enum CodingKeys: String, CodingKey {
    case name, depth, width, split, adapter, resolution, shortcut
    case affineAdapter = "affine-adapter"
  }

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
      resolution: try values.decodeIfPresent(Resolution.self, forKey: .resolution),
      shortcut: try values.decodeIfPresent(Shortcut.self, forKey: .shortcut) ?? .standard)
    affineAdapter = try values.decodeIfPresent(AffineAdapter.self, forKey: .affineAdapter)
  }

  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(name, forKey: .name)
    try values.encode(depth, forKey: .depth)
    if statesWidth { try values.encode(width, forKey: .width) }
    try values.encode(split, forKey: .split)
    try values.encodeIfPresent(adapter, forKey: .adapter)
    try values.encodeIfPresent(resolution, forKey: .resolution)
    try values.encodeIfPresent(affineAdapter, forKey: .affineAdapter)
    if shortcut != .standard { try values.encode(shortcut, forKey: .shortcut) }
  }
}
