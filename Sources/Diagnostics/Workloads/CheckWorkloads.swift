import Tensors

/// Small sizes for the doctor, among them those that hurt: odd ones, one image, channels that are
/// no multiple of a vector.
extension Workload {
  /// Every op at a few sizes.
  public static var checks: [Workload] {
    OpName.allCases.flatMap { op -> [Workload] in
      switch op {
      case .convolutionForward, .convolutionDataGradient, .convolutionFilterGradient,
        .convolutionGradients:
        return convolutions(op, convolutionSizes)
      case .depthwiseForward, .depthwiseDataGradient, .depthwiseFilterGradient:
        return [(24, 7, 1), (32, 8, 2), (20, 9, 2)].map { c, size, stride in
          Workload(op, "", n: 3, h: size, w: size, c: c, r: 3, s: 3, stride: stride)
        }
      case .batchNormStatistics, .batchNormForward, .batchNormCompletion, .batchNormDataGradient,
        .reluForward, .reluBackward, .addForward:
        return [(16, 8), (24, 7), (3, 5), (40, 1)].map { c, size in
          Workload(op, "", n: 5, h: size, w: size, c: c)
        }
      case .shortcutForward, .shortcutBackward:
        return [(16, 32, 8), (8, 24, 7)].map { c, k, size in
          Workload(op, "", n: 3, h: size, w: size, c: c, k: k, stride: 2)
        }
      case .averagePoolForward, .averagePoolBackward:
        return [(16, 8), (3, 7)].map { c, size in
          Workload(op, "", n: 3, h: size, w: size, c: c, r: 2, s: 2, stride: 2)
        }
      case .maxPoolForward, .maxPoolBackward:
        return [(16, 8, 3, 2), (3, 7, 3, 2), (20, 5, 3, 1), (1, 9, 2, 2)].map {
          c, size, r, stride in
          Workload(op, "", n: 3, h: size, w: size + 1, c: c, r: r, s: r, stride: stride)
        }
      case .globalAveragePoolForward, .globalAveragePoolBackward:
        return [(64, 8), (3, 7)].map { c, size in
          Workload(op, "", n: 3, h: size, w: size, c: c)
        }
      case .linearForward, .linearDataGradient, .linearParameterGradient:
        return [(1, 1, 1), (31, 33, 10), (64, 64, 32)].map { n, c, k in
          Workload(op, "", n: n, c: c, k: k)
        }
      case .softmaxCrossEntropyForward, .softmaxCrossEntropyBackward:
        return [(1, 2), (33, 10)].map { n, c in Workload(op, "", n: n, c: c) }
      case .sumSlices, .optimizerStep, .custom:
        return [(3, 16), (5, 7)].map { c, k in Workload(op, "", n: 4, c: c, k: k, r: 3, s: 3) }
      case .gatherImages:
        return [(8, false), (12, true)].map { size, resizes in
          Workload(op, "", n: 9, h: size, w: size, c: 3, fused: resizes)
        }
      }
    }
  }

  /// Convolutions of as many channels as tensor cores are used for, around their tiles.
  public static var tensorCoreChecks: [Workload] {
    let ops: [OpName] = [
      .convolutionForward, .convolutionDataGradient, .convolutionFilterGradient,
      .convolutionGradients,
    ]
    return ops.flatMap {
      convolutions(
        $0,
        [
          (32, 32, 8, 8, 3, 1), (64, 36, 7, 5, 3, 1), (40, 160, 9, 8, 3, 2), (48, 68, 8, 8, 1, 1),
          (160, 32, 7, 8, 1, 2),
        ])
    }
  }

  private static func convolutions(
    _ op: OpName, _ sizes: [(Int, Int, Int, Int, Int, Int)]
  ) -> [Workload] {
    [false, true].flatMap { fused in
      sizes.map { c, k, h, w, r, stride in
        Workload(
          op, "", n: 3, h: h, w: w, c: c, k: k, r: r, s: r, stride: stride, fused: fused,
          activation: stride == 2 ? .relu6 : .relu)
      }
    }
  }

  /// c, k, h, w, filter size, stride.
  private static let convolutionSizes: [(Int, Int, Int, Int, Int, Int)] = [
    (16, 16, 8, 8, 3, 1), (3, 16, 9, 7, 3, 1), (24, 20, 7, 5, 3, 1), (16, 32, 9, 8, 3, 2),
    (24, 40, 8, 8, 1, 1), (20, 16, 7, 8, 1, 2), (1, 1, 1, 1, 1, 1),
  ]
}
