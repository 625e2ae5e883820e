import Tensors

/// The CIFAR ResNet of He et al. 2016: a 3×3 stem of 16 channels, three stages of n basic blocks
/// with 16, 32 and 64 channels (stride 2 into stages 2 and 3), global average pool, linear; depth
/// 6n + 2. All channels, the stem's included, times `width` (He et al. have 1; Wide ResNet-56 is
/// depth 56, width 2: ours). Names are those of the usual PyTorch versions: `conv1`, `bn1`,
/// `layer1.0.conv1`, …, `linear`.
struct ResNet: NetworkFamily {
  let blocks: Int
  let width: Int

  /// - Precondition: depth = 6n + 2, n ≥ 1 (`Architecture.validate` says so in words).
  init(depth: Int, width: Int) {
    precondition(depth >= 8 && (depth - 2) % 6 == 0, "ResNet: depth \(depth) is not 6n + 2")
    blocks = (depth - 2) / 6
    self.width = width
  }

  var stemChannels: Int { 16 * width }
  var pieces: [Piece] { (0..<3).map { Piece(channels: (16 << $0) * width, divisor: 1 << $0) } }
  var classifier: String { "linear" }

  func stem(_ fresh: FreshWeights) -> [any Layer] {
    [
      Convolution(
        "conv1", from: 3, to: stemChannels, on: fresh.backend, seed: fresh.seed, stream: 0),
      BatchNorm("bn1", channels: stemChannels, activation: .relu, on: fresh.backend),
    ]
  }

  func piece(_ index: Int, from channels: Int, _ fresh: FreshWeights) -> [any Layer] {
    (0..<blocks).map { block in
      ResidualBlock(
        "layer\(index + 1).\(block)", from: block == 0 ? channels : pieces[index].channels,
        to: pieces[index].channels, stride: block == 0 && index > 0 ? 2 : 1, on: fresh.backend,
        seed: fresh.seed, stream: UInt32(1 + (index * blocks + block) * 2))
    }
  }

  func tail(from channels: Int, _ fresh: FreshWeights) -> (layers: [any Layer], channels: Int) {
    ([], channels)
  }
}
