import Tensors

/// MobileNetV2 (Sandler et al. 2018, Table 2): a 3×3 stem of 32 channels, 17 inverted residuals, a
/// 1×1 convolution to 1280 channels, global average pool, linear; ReLU6, no dropout. Channels times
/// `width`, rounded to multiples of 8; the last 1280 only grow. Names are torchvision's:
/// `features.0.0`, `features.1.conv.0.0`, …, `features.18.0`, `classifier.1`.
struct MobileNetV2: NetworkFamily {
  static let depth = 53
  static let blocks = 17

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

  init(width: Double, resolution: Architecture.Resolution) {
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
            piece: Piece(channels: Self.channels(stage.c, times: width), divisor: divisor)))
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
        "features.0.0", from: 3, to: stemChannels, stride: stemStride, on: fresh.backend,
        seed: fresh.seed, stream: 0),
      BatchNorm("features.0.1", channels: stemChannels, activation: .relu6, on: fresh.backend),
    ]
  }

  func piece(_ index: Int, from channels: Int, _ fresh: FreshWeights) -> [any Layer] {
    let block = blocks[index]
    return [
      InvertedResidual(
        "features.\(index + 1).conv", from: channels, to: block.piece.channels,
        expansion: block.expansion, stride: block.stride, on: fresh.backend, seed: fresh.seed,
        stream: UInt32(1 + index * 3))
    ]
  }

  func tail(from channels: Int, _ fresh: FreshWeights) -> (layers: [any Layer], channels: Int) {
    let layers: [any Layer] = [
      Convolution(
        "features.18.0", from: channels, to: lastChannels, size: 1, on: fresh.backend,
        seed: fresh.seed, stream: UInt32(1 + Self.blocks * 3)),
      BatchNorm("features.18.1", channels: lastChannels, activation: .relu6, on: fresh.backend),
    ]
    return (layers, lastChannels)
  }
}
