import Networks
import Tensors

/// The layers that the families of networks list, and what every training step has beside, for the
/// bench.
extension Workload {
  /// - Parameter n: images of a minibatch.
  public static func networks(batchSize n: Int) -> [Workload] {
    let layers = NetworkFamilies.all.flatMap { $0.benchLayers }
    // Alike by alike, so that networks stand side by side.
    let kinds = Dictionary(grouping: layers) { Group($0.kind) }
    func rows(_ group: Group) -> [Workload] {
      (kinds[group] ?? []).flatMap { Workload.rows(of: $0, batchSize: n) }
    }
    return Group.allCases.prefix { $0 != .globalPools }.flatMap(rows) + windowedPools(n)
      + rows(.globalPools) + steps(n)
  }

  /// In the order of the bench.
  private enum Group: CaseIterable {
    case convolutions, classifiers, norms, elementwise, shortcuts, maxPools, globalPools

    init(_ kind: BenchLayer.Kind) {
      self =
        switch kind {
        case .stem, .convolution, .depthwise: .convolutions
        case .classifier: .classifiers
        case .batchNorm: .norms
        case .elementwise: .elementwise
        case .shortcut: .shortcuts
        case .maxPool: .maxPools
        case .globalPool: .globalPools
        }
    }
  }

  private static func rows(of layer: BenchLayer, batchSize n: Int) -> [Workload] {
    let (size, channels) = (layer.size, layer.inputChannels)
    func row(
      _ op: OpName, k: Int = 0, r: Int = 1, stride: Int = 1, fused: Bool = false,
      activation: Activation = .relu
    ) -> Workload {
      Workload(
        op, layer.place, n: n, h: size, w: size, c: channels, k: k, r: r, s: r, stride: stride,
        fused: fused, activation: activation)
    }
    switch layer.kind {
    case .stem(let outputs, let kernelSize):
      // Nobody asks for the gradient of the images.
      return [.convolutionForward, .convolutionFilterGradient].map {
        row($0, k: outputs, r: kernelSize)
      }
    case .convolution(let outputs, let kernelSize, let stride, let activation, let alone):
      // Forward and both gradients, alone and together; without fusion as the op stands in the
      // formula, with it as it stands in a network.
      let ops: [OpName] = [
        .convolutionForward, .convolutionDataGradient, .convolutionFilterGradient,
        .convolutionGradients,
      ]
      return (alone ? [false, true] : [true]).flatMap { fused in
        ops.map {
          row(
            $0, k: outputs, r: kernelSize, stride: stride, fused: fused, activation: activation)
        }
      }
    case .depthwise(let stride):
      return [.depthwiseForward, .depthwiseDataGradient, .depthwiseFilterGradient].map {
        row($0, r: 3, stride: stride)
      }
    case .batchNorm:
      return [
        .batchNormStatistics, .batchNormForward, .batchNormCompletion, .batchNormDataGradient,
      ].map { row($0) }
    case .elementwise: return [.reluForward, .reluBackward, .addForward].map { row($0) }
    case .shortcut(let outputs, let stride):
      return [.shortcutForward, .shortcutBackward].map { row($0, k: outputs, stride: stride) }
    case .maxPool(let window, let stride):
      return [.maxPoolForward, .maxPoolBackward].map { row($0, r: window, stride: stride) }
    case .globalPool:
      return [.globalAveragePoolForward, .globalAveragePoolBackward].map { row($0) }
    case .classifier:
      return [.linearForward, .linearDataGradient, .linearParameterGradient].map {
        row($0, k: 10)
      }
    }
  }

  /// No network has one yet.
  private static func windowedPools(_ n: Int) -> [Workload] {
    [.averagePoolForward, .averagePoolBackward].map {
      Workload($0, "2×2", n: n, h: 32, w: 32, c: 16, r: 2, s: 2, stride: 2)
    }
  }

  /// What a training step does whatever the network.
  private static func steps(_ n: Int) -> [Workload] {
    let losses: [OpName] = [.softmaxCrossEntropyForward, .softmaxCrossEntropyBackward]
    return losses.map { Workload($0, "ten classes", n: n, c: 10) } + [
      Workload(.optimizerStep, "ResNet-56, stage 3", n: 1, c: 64, k: 64, r: 3, s: 3),
      Workload(.sumSlices, "32 slices, stage 3", n: 32, c: 64, k: 64, r: 3, s: 3),
      Workload(.gatherImages, "32×32", n: n, h: 32, w: 32, c: 3),
      Workload(.custom, "ResNet-56, stage 3", n: 1, c: 64, k: 64, r: 3, s: 3),
    ]
  }
}
