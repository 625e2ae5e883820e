import Tensors

/// WRN-depth-k of Zagoruyko and Komodakis 2016: a 3×3 stem of 16 channels, three stages of n
/// pre-activation blocks with 16k, 32k and 64k channels (stride 2 into stages 2 and 3), batch norm,
/// ReLU, global average pool, linear; depth 6n + 4, no dropout. What crosses a cut is the bare sum
/// of a block: no norm and no activation has been applied to it. Names are those of the usual
/// PyTorch version: `conv1`, `block1.layer.0.bn1`, …, `block1.layer.0.convShortcut`, `bn1`, `fc`.
struct WideResNet: NetworkFamily {
  let blocks: Int
  let width: Int

  /// - Precondition: depth = 6n + 4, n ≥ 1 (`Architecture.validate` says so in words).
  init(depth: Int, width: Int) {
    precondition(depth >= 10 && (depth - 4) % 6 == 0, "WideResNet: depth \(depth) is not 6n + 4")
    blocks = (depth - 4) / 6
    self.width = width
  }

  var stemChannels: Int { 16 }
  var pieces: [Piece] { (0..<3).map { Piece(channels: (16 << $0) * width, divisor: 1 << $0) } }
  var classifier: String { "fc" }

  func stem(_ fresh: FreshWeights) -> [any Layer] {
    [
      Convolution(
        "conv1", from: 3, to: stemChannels, on: fresh.backend, seed: fresh.seed, stream: 0)
    ]
  }

  func piece(_ index: Int, from channels: Int, _ fresh: FreshWeights) -> [any Layer] {
    (0..<blocks).map { block in
      PreactivationBlock(
        "block\(index + 1).layer.\(block)", from: block == 0 ? channels : pieces[index].channels,
        to: pieces[index].channels, stride: block == 0 && index > 0 ? 2 : 1, on: fresh.backend,
        seed: fresh.seed, stream: UInt32(1 + (index * blocks + block) * 3))
    }
  }

  func tail(from channels: Int, _ fresh: FreshWeights) -> (layers: [any Layer], channels: Int) {
    ([BatchNorm("bn1", channels: channels, activation: .relu, on: fresh.backend)], channels)
  }
}
