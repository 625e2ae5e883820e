import Tensors

/// The CIFAR ResNet of He et al. 2016: a 3×3 stem of 16 channels, three stages of n basic blocks
/// with 16, 32 and 64 channels (stride 2 into stages 2 and 3), global average pool, linear; depth
/// 6n + 2. All channels, the stem's included, times `width` (He et al. have 1; Wide ResNet-56 is
/// depth 56, width 2: ours). Names are those of the usual PyTorch versions: `conv1`, `bn1`,
/// `layer1.0.conv1`, …, `linear`.
struct ResNet: NetworkFamily {
  static let name = Architecture.Name.resnet
  static let title = "ResNet"
  static let settings: Set<NetworkSetting> = [.depth, .width, .shortcut]
  static let defaultDepth = 8
  static let defaultWidth = 1.0
  static let defaultSplit = Split.stage2
  static let splits = (1...3).map(Split.stage)
  static let depthRule: String? = "6n + 2"
  /// Files were written before there was a width.
  static let omitsDefaultWidth = true

  static func remark(on architecture: Architecture) -> String? {
    guard [50, 152].contains(architecture.depth) else { return nil }
    return
      "architecture: resnet of depth \(architecture.depth) is the CIFAR ResNet of He et al. of "
      + "6n + 2 layers, 16 to 64 channels wide, not ImageNet's ResNet-\(architecture.depth), "
      + "which is imagenet-resnet"
  }

  static func validate(_ architecture: Architecture) throws(ArchitectureError) {
    try ResidualSizes.validate(architecture, offset: 2, "a ResNet")
  }

  private let blocks: Int
  private let width: Int
  private let shortcut: Architecture.Shortcut

  init(_ architecture: Architecture) {
    let depth = architecture.depth
    precondition(depth >= 8 && (depth - 2) % 6 == 0, "ResNet: depth \(depth) is not 6n + 2")
    blocks = (depth - 2) / 6
    width = Int(architecture.width)
    shortcut = architecture.shortcut
  }

  var stemChannels: Int { 16 * width }
  var pieces: [Piece] {
    (0..<3).map {
      Piece(channels: (16 << $0) * width, divisor: 1 << $0, activation: .relu)
    }
  }
  var classifier: String { "linear" }

  func stem(_ fresh: FreshWeights) -> [any Layer] {
    [
      Convolution(
        "conv1", inputChannels: 3, outputChannels: stemChannels, on: fresh.backend,
        seed: fresh.seed, stream: 0),
      BatchNorm("bn1", channels: stemChannels, activation: .relu, on: fresh.backend),
    ]
  }

  func piece(_ index: Int, inputChannels: Int, _ fresh: FreshWeights) -> [any Layer] {
    let channels = pieces[index].channels
    return (0..<blocks).map { block in
      ResidualBlock(
        "layer\(index + 1).\(block)", inputChannels: block == 0 ? inputChannels : channels,
        outputChannels: channels, stride: block == 0 && index > 0 ? 2 : 1, shortcut: shortcut,
        on: fresh.backend, seed: fresh.seed, stream: UInt32(1 + (index * blocks + block) * 2),
        shortcutStream: UInt32(1 << 15 + index * blocks + block))
    }
  }

  /// Option A adds channels of zeros, it cannot take any away.
  func validate(adapter channels: Int, before index: Int) throws(ArchitectureError) {
    guard shortcut == .padding, index < pieces.count, channels > pieces[index].channels
    else { return }
    throw ArchitectureError(
      "adapter",
      "has at most the \(pieces[index].channels) channels of the ResNet's next stage, whose "
        + "shortcut can only add some, got \(channels); shortcut: projection can take any away")
  }

  // MARK: Weights of other programs

  /// torchvision's name.
  static let layerAliases = ["fc": "linear"]

  /// torchvision's and timm's.
  static func ownName(ofTensor name: String) -> String {
    name.split(separator: ".", omittingEmptySubsequences: false)
      .map { $0 == "downsample" ? "shortcut" : $0 }.joined(separator: ".")
  }

  static func shortcut(of weights: WeightShapes) -> Architecture.Shortcut {
    weights.shapes.keys.contains { $0.contains(".shortcut.") } ? .projection : .padding
  }

  static func refusal(ofTensor name: String) -> String? {
    if name.hasPrefix("layer4.") {
      return
        "a fourth stage, as ImageNet's ResNets have (architecture imagenet-resnet); a CIFAR ResNet has "
        + "three"
    }
    guard name.contains(".conv3.") else { return nil }
    return
      "a block of three convolutions, as ImageNet's ResNet-50 has (architecture imagenet-resnet); a CIFAR "
      + "ResNet's have two"
  }

  static func sizes(of weights: WeightShapes) -> (depth: Int?, width: Double?) {
    ResidualSizes.sizes(of: weights, firstStage: "layer1.", offset: 2)
  }

  // MARK: Bench

  static let benchDepth = 56

  static var benchLayers: [BenchLayer] {
    let stages = [
      ("ResNet-56, stage 1", 32, 16), ("ResNet-56, stage 2", 16, 32),
      ("ResNet-56, stage 3", 8, 64),
    ]
    var layers = [
      BenchLayer("ResNet-56, stem", .stem(outputChannels: 16), size: 32, inputChannels: 3)
    ]
    for (index, (place, size, channels)) in stages.enumerated() {
      if index > 0 {
        layers.append(
          BenchLayer(
            "ResNet-56, into stage \(index + 1)",
            .convolution(outputChannels: channels, stride: 2, alone: true), size: 2 * size,
            inputChannels: channels / 2))
      }
      layers.append(
        BenchLayer(
          place, .convolution(outputChannels: channels, alone: true), size: size,
          inputChannels: channels))
    }
    layers.append(BenchLayer("ResNet-56, classifier", .classifier, inputChannels: 64))
    layers += stages.map { BenchLayer($0, .batchNorm, size: $1, inputChannels: $2) }
    return layers + [
      BenchLayer(stages[0].0, .elementwise, size: 32, inputChannels: 16),
      BenchLayer(
        "ResNet-56, into stage 2", .shortcut(outputChannels: 32, stride: 2), size: 32,
        inputChannels: 16),
      BenchLayer("ResNet-56", .globalPool, size: 8, inputChannels: 64),
    ]
  }
}
