import Tensors

/// The shapes of the paper's networks at 32×32 (Sec. 4.1, Sec. 5.2), for the bench.
extension Workload {
  /// - Parameter n: images of a minibatch.
  public static func networks(batch n: Int) -> [Workload] {
    resNet(n) + wideResNet(n) + mobileNet(n) + classifiers(n) + passes(n)
  }

  /// Forward and both gradients, alone and together; without fusion as the op stands in the
  /// formula, with it as it stands in a network.
  private static func convolutions(
    _ place: String, n: Int, _ size: Int, _ c: Int, _ k: Int, r: Int = 3, stride: Int = 1,
    fused: [Bool] = [false, true], activation: Activation = .relu
  ) -> [Workload] {
    let ops: [OpName] = [
      .convolutionForward, .convolutionDataGradient, .convolutionFilterGradient,
      .convolutionGradients,
    ]
    return fused.flatMap { fused in
      ops.map {
        Workload(
          $0, place, n: n, h: size, w: size, c: c, k: k, r: r, s: r, stride: stride, fused: fused,
          activation: activation)
      }
    }
  }

  private static func resNet(_ n: Int) -> [Workload] {
    // Nobody asks for the gradient of the images.
    let stem = convolutions("ResNet-56, stem", n: n, 32, 3, 16, fused: [false])
      .filter { $0.op == .convolutionForward || $0.op == .convolutionFilterGradient }
    return stem
      + convolutions("ResNet-56, stage 1", n: n, 32, 16, 16)
      + convolutions("ResNet-56, into stage 2", n: n, 32, 16, 32, stride: 2)
      + convolutions("ResNet-56, stage 2", n: n, 16, 32, 32)
      + convolutions("ResNet-56, into stage 3", n: n, 16, 32, 64, stride: 2)
      + convolutions("ResNet-56, stage 3", n: n, 8, 64, 64)
  }

  private static func wideResNet(_ n: Int) -> [Workload] {
    func rows(
      _ place: String, _ size: Int, _ c: Int, _ k: Int, r: Int = 3, stride: Int = 1
    ) -> [Workload] {
      convolutions("WRN-28-2, \(place)", n: n, size, c, k, r: r, stride: stride, fused: [true])
    }
    return rows("into stage 1", 32, 16, 32) + rows("stage 1", 32, 32, 32)
      + rows("into stage 2", 32, 32, 64, stride: 2) + rows("stage 2", 16, 64, 64)
      + rows("into stage 3", 16, 64, 128, stride: 2) + rows("stage 3", 8, 128, 128)
      + rows("shortcut 1", 32, 16, 32, r: 1) + rows("shortcut 2", 32, 32, 64, r: 1, stride: 2)
      + rows("shortcut 3", 16, 64, 128, r: 1, stride: 2)
  }

  private static func mobileNet(_ n: Int) -> [Workload] {
    let depthwise: [OpName] = [
      .depthwiseForward, .depthwiseDataGradient, .depthwiseFilterGradient,
    ]
    /// A residual's hidden width and strides, and the sizes of the image before it.
    func block(
      _ number: Int, _ size: Int, _ c: Int, hidden: Int, _ k: Int, stride: Int = 1
    ) -> [Workload] {
      let place = "MobileNetV2, block \(number)"
      return convolutions(
        "\(place), expansion", n: n, size, c, hidden, r: 1, fused: [true], activation: .relu6)
        + depthwise.map {
          Workload($0, place, n: n, h: size, w: size, c: hidden, r: 3, s: 3, stride: stride)
        }
        + convolutions(
          "\(place), projection", n: n, size / stride, hidden, k, r: 1, fused: [true],
          activation: .relu6)
    }
    return block(2, 32, 16, hidden: 96, 24) + block(4, 32, 24, hidden: 144, 32, stride: 2)
      + block(5, 16, 32, hidden: 192, 32) + block(8, 8, 64, hidden: 384, 64)
      + block(14, 8, 96, hidden: 576, 160, stride: 2) + block(15, 4, 160, hidden: 960, 160)
      + convolutions(
        "MobileNetV2, last", n: n, 4, 320, 1280, r: 1, fused: [true], activation: .relu6)
  }

  private static func classifiers(_ n: Int) -> [Workload] {
    let ops: [OpName] = [.linearForward, .linearDataGradient, .linearParameterGradient]
    return [("ResNet-56", 64), ("WRN-28-2", 128), ("MobileNetV2", 1280)].flatMap { name, c in
      ops.map { Workload($0, "\(name), classifier", n: n, c: c, k: 10) }
    }
  }

  /// Ops that pass over activations or weights once.
  private static func passes(_ n: Int) -> [Workload] {
    let norms: [OpName] = [
      .batchNormStatistics, .batchNormForward, .batchNormCompletion, .batchNormDataGradient,
    ]
    let stages = [
      ("ResNet-56, stage 1", 32, 16), ("ResNet-56, stage 2", 16, 32),
      ("ResNet-56, stage 3", 8, 64), ("MobileNetV2, block 2", 32, 96),
    ]
    let elementwise: [OpName] = [.reluForward, .reluBackward, .addForward]
    let shortcuts: [OpName] = [.shortcutForward, .shortcutBackward]
    let pools: [OpName] = [.averagePoolForward, .averagePoolBackward]
    let globalPools: [OpName] = [.globalAveragePoolForward, .globalAveragePoolBackward]
    let losses: [OpName] = [.softmaxCrossEntropyForward, .softmaxCrossEntropyBackward]
    var rows = stages.flatMap { place, size, c in
      norms.map { Workload($0, place, n: n, h: size, w: size, c: c) }
    }
    rows += elementwise.map { Workload($0, "ResNet-56, stage 1", n: n, h: 32, w: 32, c: 16) }
    rows += shortcuts.map {
      Workload($0, "ResNet-56, into stage 2", n: n, h: 32, w: 32, c: 16, k: 32, stride: 2)
    }
    rows += pools.map {
      Workload($0, "2×2", n: n, h: 32, w: 32, c: 16, r: 2, s: 2, stride: 2)
    }
    rows += globalPools.map { Workload($0, "ResNet-56", n: n, h: 8, w: 8, c: 64) }
    rows += losses.map { Workload($0, "ten classes", n: n, c: 10) }
    rows += [
      Workload(.optimizerStep, "ResNet-56, stage 3", n: 1, c: 64, k: 64, r: 3, s: 3),
      Workload(.sumSlices, "32 slices, stage 3", n: 32, c: 64, k: 64, r: 3, s: 3),
      Workload(.gatherImages, "32×32", n: n, h: 32, w: 32, c: 3),
      Workload(.custom, "ResNet-56, stage 3", n: 1, c: 64, k: 64, r: 3, s: 3),
    ]
    return rows
  }
}
