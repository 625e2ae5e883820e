public import Tensors

/// A network as data: from it extractor and head are rebuilt.
///
/// Networks of different architectures present one interface where their `adapter` is the same: the
/// head of any of them then takes the features of all, whatever their height and width (its global
/// average pool absorbs them).
public struct Architecture: Hashable, Sendable {
  public enum Name: String, Codable, Sendable, CaseIterable {
    /// The CIFAR ResNet of He et al. 2016, post-activation, depth 6n + 2; with a width, the Wide
    /// ResNet-56 and its relatives.
    case resnet
    /// The pre-activation WRN-depth-width of Zagoruyko and Komodakis 2016, depth 6n + 4.
    case wideResNet = "wide-resnet"
    /// Sandler et al. 2018.
    case mobileNetV2 = "mobilenet-v2"
  }

  /// MobileNetV2's strides.
  public enum Resolution: String, Codable, Sendable, CaseIterable {
    /// For images of 32×32: stem and 24-channel stage at stride 1, so that block 11 gives 8×8
    /// (ours: the paper does not say).
    case small
    /// Sandler et al. 2018, for 64×64 and above: both at stride 2.
    case standard
  }

  public var name: Name
  /// Weighted layers: 6n + 2, 6n + 4; MobileNetV2 has 53 and no choice.
  public var depth: Int
  /// What the channels are multiplied by: k of WRN-28-k, the width multiplier of MobileNetV2.
  public var width: Double
  public var split: Split
  /// Where given, the extractor ends in a 1×1 convolution with batch norm and without activation (a
  /// linear map, as the end of an inverted residual is) to so many channels, and the head takes so
  /// many. Gygli et al. Sec. 5.2 has the convolution; the batch norm is ours.
  public var adapter: Int?
  /// MobileNetV2's alone; nil for the others.
  public var resolution: Resolution?

  /// What is left out has the name's default: depth 8, 28, 53; width 1, 2, 1; stage2, stage2,
  /// block11; no adapter; MobileNetV2 for small images.
  public init(
    name: Name = .resnet, depth: Int? = nil, width: Double? = nil, split: Split? = nil,
    adapter: Int? = nil, resolution: Resolution? = nil
  ) {
    self.name = name
    self.depth = depth ?? name.depth
    self.width = width ?? name.width
    self.split = split ?? name.split
    self.adapter = adapter
    self.resolution = resolution ?? (name == .mobileNetV2 ? .small : nil)
  }
}

extension Architecture.Name {
  fileprivate var depth: Int {
    switch self {
    case .resnet: 8
    case .wideResNet: 28
    case .mobileNetV2: MobileNetV2.depth
    }
  }
  fileprivate var width: Double { self == .wideResNet ? 2 : 1 }
  fileprivate var split: Split { self == .mobileNetV2 ? .block(11) : .stage2 }

  /// Where networks of this name may be cut.
  public var splits: [Split] {
    self == .mobileNetV2 ? (1...MobileNetV2.blocks).map(Split.block) : (1...3).map(Split.stage)
  }
}

extension Architecture: CustomStringConvertible {
  /// For example `resnet-56`, `resnet-56-2`, `wide-resnet-28-2`, `mobilenet-v2`,
  /// `mobilenet-v2-0.5`.
  public var description: String {
    var parts = [name.rawValue]
    if name != .mobileNetV2 { parts.append("\(depth)") }
    if width != 1 || name == .wideResNet { parts.append(widthText) }
    return parts.joined(separator: "-")
  }

  /// `2`, `0.5`.
  public var widthText: String { width == width.rounded() ? "\(Int(width))" : "\(width)" }
}

/// As JSON; what a plain ResNet has no use for is left out, so that files of earlier versions read
/// and equal ones are written.
extension Architecture: Codable {
  private enum CodingKeys: CodingKey { case name, depth, width, split, adapter, resolution }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      name: try values.decode(Name.self, forKey: .name),
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
    if name != .resnet || width != 1 { try values.encode(width, forKey: .width) }
    try values.encode(split, forKey: .split)
    try values.encodeIfPresent(adapter, forKey: .adapter)
    try values.encodeIfPresent(resolution, forKey: .resolution)
  }
}

// MARK: Building

extension Architecture {
  private var family: any NetworkFamily {
    switch name {
    case .resnet: ResNet(depth: depth, width: Int(width))
    case .wideResNet: WideResNet(depth: depth, width: Int(width))
    case .mobileNetV2: MobileNetV2(width: width, resolution: resolution ?? .small)
    }
  }

  /// Name of the last linear layer; its weight has one row an output.
  public var classifier: String { family.classifier }

  /// What crosses the cut: number of channels, and by how much the image has been shrunk.
  /// - Precondition: `validate()` passes; so below.
  public var cut: (channels: Int, spatialDivisor: Int) {
    let piece = family.pieces[split.pieces - 1]
    return (adapter ?? piece.channels, piece.divisor)
  }

  /// What the features have gone through last: a ResNet's blocks end in a ReLU; those of the other
  /// networks, and adapters, in a sum or a linear map.
  public var cutActivation: Activation { name == .resnet && adapter == nil ? .relu : .none }

  /// Everything before the cut, freshly drawn. Equal seeds give equal weights: identical initial
  /// weights are one seed given twice.
  public func makeExtractor(on backend: any Backend, seed: UInt64) -> Sequential {
    let family = family
    let fresh = FreshWeights(backend: backend, seed: seed)
    var layers = family.stem(fresh)
    for index in 0..<split.pieces {
      let incoming = index == 0 ? family.stemChannels : family.pieces[index - 1].channels
      layers += family.piece(index, from: incoming, fresh)
    }
    if let adapter {
      layers.append(
        Convolution(
          "adapter.0", from: family.pieces[split.pieces - 1].channels, to: adapter, size: 1,
          on: backend, seed: seed, stream: FreshWeights.adapterStream))
      layers.append(BatchNorm("adapter.1", channels: adapter, activation: .none, on: backend))
    }
    return Sequential(layers)
  }

  /// Everything after the cut, freshly drawn, for features of `cut.channels` channels, whichever
  /// extractor they come from.
  /// - Parameter linearSeed: of the last linear layer, where it differs from `seed`.
  public func makeHead(
    classes: Int, on backend: any Backend, seed: UInt64, linearSeed: UInt64? = nil
  ) -> Sequential {
    let family = family
    let fresh = FreshWeights(backend: backend, seed: seed)
    var layers: [any Layer] = []
    var channels = cut.channels
    for index in split.pieces..<family.pieces.count {
      layers += family.piece(index, from: channels, fresh)
      channels = family.pieces[index].channels
    }
    let (tail, outgoing) = family.tail(from: channels, fresh)
    return Sequential(
      layers + tail + [
        GlobalAveragePool(),
        Linear(
          family.classifier, from: outgoing, to: classes, on: backend, seed: linearSeed ?? seed,
          stream: FreshWeights.classifierStream),
      ])
  }
}
