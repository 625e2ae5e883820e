import Tensors

/// The CIFAR ResNet of He et al. 2016: a 3×3 stem of 16 channels, three stages of n basic blocks
/// with 16, 32 and 64 channels (stride 2 into stages 2 and 3), global average pool, linear; depth
/// 6n + 2. Names are those of the usual PyTorch versions: `conv1`, `bn1`, `layer1.0.conv1`, …,
/// `linear`.
struct ResNet {
  static let widths = [16, 32, 64]

  let blocks: Int
  let backend: any Backend
  let seed: UInt64

  /// - Precondition: depth = 6n + 2, n ≥ 1 (`Architecture.validate` says so in words).
  init(depth: Int, on backend: any Backend, seed: UInt64) {
    precondition(depth >= 8 && (depth - 2) % 6 == 0, "ResNet: depth \(depth) is not 6n + 2")
    blocks = (depth - 2) / 6
    self.backend = backend
    self.seed = seed
  }

  func stem() -> [any Layer] {
    [
      Convolution("conv1", from: 3, to: Self.widths[0], on: backend, seed: seed, stream: 0),
      BatchNorm("bn1", channels: Self.widths[0], activation: .relu, on: backend),
    ]
  }

  /// - Parameter index: 0, 1, 2.
  func stage(_ index: Int) -> [any Layer] {
    (0..<blocks).map { block in
      ResidualBlock(
        "layer\(index + 1).\(block)",
        from: block == 0 ? Self.widths[max(index - 1, 0)] : Self.widths[index],
        to: Self.widths[index], stride: block == 0 && index > 0 ? 2 : 1, on: backend, seed: seed,
        stream: UInt32(1 + (index * blocks + block) * 2))
    }
  }

  /// - Parameter seed: of the linear layer, which is drawn per task where class counts differ.
  func classifier(classes: Int, seed: UInt64) -> [any Layer] {
    [
      GlobalAveragePool(),
      Linear(
        "linear", from: Self.widths[2], to: classes, on: backend, seed: seed, stream: 1 << 16),
    ]
  }
}
