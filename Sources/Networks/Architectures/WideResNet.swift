import Tensors

/// WRN-depth-k of Zagoruyko and Komodakis 2016: a 3×3 stem of 16 channels, three stages of n
/// pre-activation blocks with 16k, 32k and 64k channels (stride 2 into stages 2 and 3), batch norm,
/// ReLU, global average pool, linear; depth 6n + 4, no dropout. What crosses a cut is the bare sum
/// of a block: no norm and no activation has been applied to it. Names are those of the usual
/// PyTorch version: `conv1`, `block1.layer.0.bn1`, …, `block1.layer.0.convShortcut`, `bn1`, `fc`.
struct WideResNet: NetworkFamily {
  static let name = Architecture.Name.wideResNet
  static let title = "Wide ResNet"
  static let settings: Set<NetworkSetting> = [.depth, .width]
  static let defaultDepth = 28
  static let defaultWidth = 2.0
  static let defaultSplit = Split.stage2
  static let splits = (1...3).map(Split.stage)
  static let depthRule: String? = "6n + 4"

  static func validate(_ architecture: Architecture) throws(ArchitectureError) {
    try ResidualSizes.validate(architecture, offset: 4, "a Wide ResNet")
  }

  /// WRN-depth-width, a width of 1 too.
  static func description(of architecture: Architecture) -> String {
    "\(name)-\(architecture.depth)-\(architecture.widthText)"
  }

  private let blocks: Int
  private let width: Int

  init(_ architecture: Architecture) {
    let depth = architecture.depth
    precondition(depth >= 10 && (depth - 4) % 6 == 0, "WideResNet: depth \(depth) is not 6n + 4")
    blocks = (depth - 4) / 6
    width = Int(architecture.width)
  }

  var stemChannels: Int { 16 }
  var pieces: [Piece] {
    (0..<3).map {
      Piece(channels: (16 << $0) * width, divisor: 1 << $0, activation: .none)
    }
  }
  var classifier: String { "fc" }

  func stem(_ fresh: FreshWeights) -> [any Layer] {
    [
      Convolution(
        "conv1", inputChannels: 3, outputChannels: stemChannels, on: fresh.backend,
        seed: fresh.seed, stream: 0)
    ]
  }

  func piece(_ index: Int, inputChannels: Int, _ fresh: FreshWeights) -> [any Layer] {
    let channels = pieces[index].channels
    return (0..<blocks).map { block in
      PreactivationBlock(
        "block\(index + 1).layer.\(block)", inputChannels: block == 0 ? inputChannels : channels,
        outputChannels: channels, stride: block == 0 && index > 0 ? 2 : 1, on: fresh.backend,
        seed: fresh.seed, stream: UInt32(1 + (index * blocks + block) * 3))
    }
  }

  func tail(
    inputChannels: Int, _ fresh: FreshWeights
  ) -> (layers: [any Layer], outputChannels: Int) {
    (
      [BatchNorm("bn1", channels: inputChannels, activation: .relu, on: fresh.backend)],
      inputChannels
    )
  }

  // MARK: Weights of other programs

  static let layerAliases = ["linear": "fc"]

  static func sizes(of weights: WeightShapes) -> (depth: Int?, width: Double?) {
    ResidualSizes.sizes(of: weights, firstStage: "block1.layer.", offset: 4)
  }

  // MARK: Bench

  static var benchLayers: [BenchLayer] {
    func row(
      _ place: String, _ size: Int, _ inputs: Int, _ outputs: Int, kernelSize: Int = 3,
      stride: Int = 1
    ) -> BenchLayer {
      BenchLayer(
        "WRN-28-2, \(place)",
        .convolution(outputChannels: outputs, kernelSize: kernelSize, stride: stride), size: size,
        inputChannels: inputs)
    }
    return [
      row("into stage 1", 32, 16, 32), row("stage 1", 32, 32, 32),
      row("into stage 2", 32, 32, 64, stride: 2), row("stage 2", 16, 64, 64),
      row("into stage 3", 16, 64, 128, stride: 2), row("stage 3", 8, 128, 128),
      row("shortcut 1", 32, 16, 32, kernelSize: 1),
      row("shortcut 2", 32, 32, 64, kernelSize: 1, stride: 2),
      row("shortcut 3", 16, 64, 128, kernelSize: 1, stride: 2),
      BenchLayer("WRN-28-2, classifier", .classifier, inputChannels: 128),
    ]
  }
}
