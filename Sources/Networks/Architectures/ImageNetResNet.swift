import Tensors

/// The ImageNet ResNet of He et al. 2016, as torchvision has it (v1.5, a bottleneck's stride in its
/// 3×3): a 7×7 stem of 64 channels at stride 2, max pooling, four stages with 64, 128, 256 and 512
/// channels (four times as many behind bottlenecks; stride 2 into stages 2 to 4), projection
/// shortcuts, global average pool, linear. For small images (ours) a 3×3 stem at stride 1 and no
/// pooling. Names are torchvision's: `conv1`, `bn1`, `layer1.0.conv1`, …,
/// `layer2.0.downsample.0`, `fc`.
struct ImageNetResNet: NetworkFamily {
  static let name = Architecture.Name.imageNetResNet
  static let title = "ImageNet ResNet"
  static let settings: Set<NetworkSetting> = [.depth, .resolution]
  static let defaultDepth = 18
  static let defaultWidth = 1.0
  static let defaultSplit = Split.stage3
  static let splits = (1...4).map(Split.stage)
  static let depthRule: String? = "18, 34, 50 or 101"
  static let defaultPicture: PictureDefault? = .imageNet

  static func defaultResolution(imageSize: Int) -> Architecture.Resolution? {
    imageSize > 64 ? .standard : .small
  }

  /// Blocks of each stage, and whether they are bottlenecks.
  private struct Plan {
    let depth: Int
    let blocks: [Int]
    let isBottleneck: Bool

    static let all = [
      Plan(depth: 18, blocks: [2, 2, 2, 2], isBottleneck: false),
      Plan(depth: 34, blocks: [3, 4, 6, 3], isBottleneck: false),
      Plan(depth: 50, blocks: [3, 4, 6, 3], isBottleneck: true),
      Plan(depth: 101, blocks: [3, 4, 23, 3], isBottleneck: true),
    ]
  }

  static func validate(_ architecture: Architecture) throws(ArchitectureError) {
    guard Plan.all.contains(where: { $0.depth == architecture.depth }) else {
      throw ArchitectureError(
        "depth", "an ImageNet ResNet's depth is \(depthRule!), got \(architecture.depth)")
    }
  }

  private let plan: Plan
  private let isSmall: Bool

  init(_ architecture: Architecture) {
    guard let plan = Plan.all.first(where: { $0.depth == architecture.depth }) else {
      preconditionFailure("ImageNetResNet: no network of depth \(architecture.depth)")
    }
    self.plan = plan
    isSmall = architecture.resolution == .small
  }

  let stemChannels = 64
  var classifier: String { "fc" }
  var pieces: [Piece] {
    (0..<4).map {
      Piece(
        channels: (64 << $0) * (plan.isBottleneck ? BottleneckBlock.expansion : 1),
        divisor: (isSmall ? 1 : 4) << $0, activation: .relu)
    }
  }

  func stem(_ fresh: FreshWeights) -> [any Layer] {
    let layers: [any Layer] = [
      Convolution(
        "conv1", inputChannels: 3, outputChannels: stemChannels, kernelSize: isSmall ? 3 : 7,
        stride: isSmall ? 1 : 2, on: fresh.backend, seed: fresh.seed, stream: 0),
      BatchNorm("bn1", channels: stemChannels, activation: .relu, on: fresh.backend),
    ]
    return isSmall ? layers : layers + [MaxPool()]
  }

  func piece(_ index: Int, inputChannels: Int, _ fresh: FreshWeights) -> [any Layer] {
    let channels = pieces[index].channels
    let before = plan.blocks.prefix(index).reduce(0, +)
    return (0..<plan.blocks[index]).map { block -> any Layer in
      let name = "layer\(index + 1).\(block)"
      let inputs = block == 0 ? inputChannels : channels
      let stride = block == 0 && index > 0 ? 2 : 1
      // Four a block: a bottleneck has so many filters.
      let stream = UInt32(1 + 4 * (before + block))
      return plan.isBottleneck
        ? BottleneckBlock(
          name, inputChannels: inputs, outputChannels: channels, stride: stride,
          on: fresh.backend, seed: fresh.seed, stream: stream, shortcutName: "downsample")
        : ResidualBlock(
          name, inputChannels: inputs, outputChannels: channels, stride: stride,
          shortcut: .projection, on: fresh.backend, seed: fresh.seed, stream: stream,
          shortcutStream: stream + 3, shortcutName: "downsample")
    }
  }

  // MARK: Weights of other programs

  static func sizes(of weights: WeightShapes) -> (depth: Int?, width: Double?) {
    let blocks = (1...4).map { weights.parts(below: "layer\($0).") }
    let isBottleneck = weights.outputChannels(of: "layer1.0.conv3") != nil
    let plan = Plan.all.first { $0.blocks == blocks && $0.isBottleneck == isBottleneck }
    return (plan?.depth, nil)
  }

  /// By the size of the first filters.
  static func resolution(of weights: WeightShapes) -> Architecture.Resolution? {
    weights.shapes["conv1.weight"].map { $0.last == 3 ? .small : .standard }
  }

  static func refusal(ofTensor name: String) -> String? {
    if name.hasPrefix("features.") || name.hasPrefix("conv_stem.") {
      return
        "a name of MobileNets and others; an ImageNet ResNet has conv1, layer1 to layer4 and fc"
    }
    if name.hasPrefix("linear.") || name.contains(".shortcut.") {
      return
        "a name of CIFAR ResNets (architecture resnet); an ImageNet ResNet has fc and downsample"
    }
    if name.hasPrefix("conv1.0.") {
      return "a stem of three convolutions, as timm's ResNet-D has; it is not built here"
    }
    return name.contains(".se.") ? "squeeze and excitation; it is not built here" : nil
  }

  // MARK: Bench

  static let benchLayers = [
    BenchLayer("ImageNet ResNet, 64×64", .maxPool(), size: 32, inputChannels: 64)
  ]
}
