import Tensors

/// MobileNetV2 (Sandler et al. 2018, Table 2): a 3×3 stem of 32 channels, 17 inverted residuals, a
/// 1×1 convolution to 1280 channels, global average pool, linear; ReLU6, no dropout. Channels times
/// `width`, rounded to multiples of 8; the last 1280 only grow. Names are torchvision's:
/// `features.0.0`, `features.1.conv.0.0`, …, `features.18.0`, `classifier.1`.
struct MobileNetV2: NetworkFamily {
  static let name = Architecture.Name.mobileNetV2
  static let title = "MobileNetV2"
  static let settings: Set<NetworkSetting> = [.width, .resolution]
  static let defaultDepth = 53
  static let defaultWidth = 1.0
  static let defaultSplit = Split.block(11)
  static let splits = (1...blocks).map(Split.block)

  static func defaultResolution(imageSize: Int) -> Architecture.Resolution? {
    imageSize >= 64 ? .standard : .small
  }

  static func validate(_ architecture: Architecture) throws(ArchitectureError) {
    guard 0.05...4 ~= architecture.width else {
      throw ArchitectureError(
        "width", "MobileNetV2's width is from 0.05 to 4, got \(architecture.width)")
    }
  }

  private static let blocks = 17

  /// Expansion t, channels c, blocks n and the first one's stride s.
  private static let stages: [(t: Int, c: Int, n: Int, s: Int)] = [
    (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2),
    (6, 320, 1, 1),
  ]

  private struct Block {
    let expansion: Int
    let stride: Int
    let piece: Piece
  }

  let stemChannels: Int
  private let stemStride: Int
  private let lastChannels: Int
  private let blocks: [Block]

  init(_ architecture: Architecture) {
    let (width, resolution) = (architecture.width, architecture.resolution ?? .small)
    stemChannels = Self.channels(32, times: width)
    lastChannels = Self.channels(1280, times: max(1, width))
    stemStride = resolution == .small ? 1 : 2
    var divisor = stemStride
    var blocks: [Block] = []
    for (index, stage) in Self.stages.enumerated() {
      for number in 0..<stage.n {
        let first = resolution == .small && index == 1 ? 1 : stage.s
        let stride = number == 0 ? first : 1
        divisor *= stride
        blocks.append(
          Block(
            expansion: stage.t, stride: stride,
            piece: Piece(
              channels: Self.channels(stage.c, times: width), divisor: divisor,
              activation: .none)))
      }
    }
    self.blocks = blocks
  }

  /// The multiple of 8 nearest to channels · width, at least 8 and not below nine tenths of it.
  private static func channels(_ channels: Int, times width: Double) -> Int {
    let exact = Double(channels) * width
    let rounded = max(8, Int(exact + 4) / 8 * 8)
    return Double(rounded) < 0.9 * exact ? rounded + 8 : rounded
  }

  var pieces: [Piece] { blocks.map(\.piece) }
  var classifier: String { "classifier.1" }

  func stem(_ fresh: FreshWeights) -> [any Layer] {
    [
      Convolution(
        "features.0.0", inputChannels: 3, outputChannels: stemChannels, stride: stemStride,
        on: fresh.backend, seed: fresh.seed, stream: 0),
      BatchNorm("features.0.1", channels: stemChannels, activation: .relu6, on: fresh.backend),
    ]
  }

  func piece(_ index: Int, inputChannels: Int, _ fresh: FreshWeights) -> [any Layer] {
    let block = blocks[index]
    return [
      InvertedResidual(
        "features.\(index + 1).conv", inputChannels: inputChannels,
        outputChannels: block.piece.channels, expansion: block.expansion, stride: block.stride,
        on: fresh.backend, seed: fresh.seed, stream: UInt32(1 + index * 3))
    ]
  }

  func tail(
    inputChannels: Int, _ fresh: FreshWeights
  ) -> (layers: [any Layer], outputChannels: Int) {
    let layers: [any Layer] = [
      Convolution(
        "features.18.0", inputChannels: inputChannels, outputChannels: lastChannels,
        kernelSize: 1, on: fresh.backend, seed: fresh.seed, stream: UInt32(1 + Self.blocks * 3)),
      BatchNorm("features.18.1", channels: lastChannels, activation: .relu6, on: fresh.backend),
    ]
    return (layers, lastChannels)
  }

  // MARK: Bench

  static var benchLayers: [BenchLayer] {
    func pointwise(
      _ place: String, _ size: Int, _ inputs: Int, _ outputs: Int
    ) -> BenchLayer {
      BenchLayer(
        "MobileNetV2, \(place)",
        .convolution(outputChannels: outputs, kernelSize: 1, activation: .relu6), size: size,
        inputChannels: inputs)
    }
    /// A residual's hidden width and stride, and the size of the image before it.
    func block(
      _ number: Int, _ size: Int, _ inputs: Int, hidden: Int, _ outputs: Int, stride: Int = 1
    ) -> [BenchLayer] {
      [
        pointwise("block \(number), expansion", size, inputs, hidden),
        BenchLayer(
          "MobileNetV2, block \(number)", .depthwise(stride: stride), size: size,
          inputChannels: hidden),
        pointwise("block \(number), projection", size / stride, hidden, outputs),
      ]
    }
    return block(2, 32, 16, hidden: 96, 24) + block(4, 32, 24, hidden: 144, 32, stride: 2)
      + block(5, 16, 32, hidden: 192, 32) + block(8, 8, 64, hidden: 384, 64)
      + block(14, 8, 96, hidden: 576, 160, stride: 2) + block(15, 4, 160, hidden: 960, 160)
      + [
        pointwise("last", 4, 320, 1280),
        BenchLayer("MobileNetV2, classifier", .classifier, inputChannels: 1280),
        BenchLayer("MobileNetV2, block 2", .batchNorm, size: 32, inputChannels: 96),
      ]
  }
}
