import Foundation
import Tensors

/// Convolutions that tensor cores take.
extension OpCase {
  /// Of as many channels as tensor cores are used for: tiles that are full and that are not, blocks of
  /// channels of which a part is there, and enough of either side that the large tiles run.
  static let tensorCoreSizes: [ConvolutionSizes] = isNightly ? smallSizes + largeSizes : smallSizes

  /// What stands for tensor cores is slow.
  private static let isNightly = ProcessInfo.processInfo.environment["DOVETAIL_NIGHTLY"] != nil

  private static let smallSizes: [ConvolutionSizes] = [
    ConvolutionSizes(n: 5, h: 8, w: 8, c: 32, k: 32, r: 3, s: 3, stride: 1, padding: 1),
    // Patches: of several images, of half an image, of a tile that the last images do not fill; blocks
    // of 80, 64 and 32 channels, and of dy's one that is half there.
    ConvolutionSizes(n: 2, h: 8, w: 16, c: 40, k: 80, r: 3, s: 3, stride: 1, padding: 1),
    ConvolutionSizes(n: 3, h: 4, w: 32, c: 64, k: 96, r: 3, s: 3, stride: 1, padding: 1),
    ConvolutionSizes(n: 1, h: 16, w: 8, c: 32, k: 160, r: 3, s: 3, stride: 1, padding: 1),
    ConvolutionSizes(n: 2, h: 16, w: 16, c: 64, k: 64, r: 3, s: 3, stride: 1, padding: 1),
    ConvolutionSizes(n: 3, h: 7, w: 5, c: 36, k: 68, r: 3, s: 3, stride: 1, padding: 1),
    ConvolutionSizes(n: 3, h: 9, w: 8, c: 64, k: 40, r: 3, s: 3, stride: 2, padding: 1),
    ConvolutionSizes(n: 2, h: 7, w: 8, c: 160, k: 32, r: 1, s: 1, stride: 2, padding: 0),
    ConvolutionSizes(n: 5, h: 6, w: 5, c: 44, k: 132, r: 1, s: 1, stride: 1, padding: 0),
  ]

  private static let largeSizes: [ConvolutionSizes] = [
    ConvolutionSizes(n: 1, h: 32, w: 16, c: 32, k: 4100, r: 1, s: 1, stride: 1, padding: 0),
    ConvolutionSizes(n: 1, h: 32, w: 16, c: 4100, k: 32, r: 1, s: 1, stride: 1, padding: 0),
  ]

  /// Every fused form at these: of the patches, of blocks that are half there, of tiles.
  static let tensorCoreConvolution: [OpCase] = tensorCoreSizes.enumerated().flatMap {
    i, s -> [OpCase] in
    guard isNightly || [0, 2, 6].contains(i) else { return [] }
    let activation: Activation = [.relu, .relu6, .none][i % 3]
    // These take long, and the passes not named here run no large tile.
    if s.k > 1000 { return [fusedForward(s, activation)] }
    if s.c > 1000 { return [fusedDataGradient(s, activation, joins: true, adds: true)] }
    return [
      fusedForward(s, activation),
      fusedDataGradient(s, activation, joins: true, adds: true),
      fusedDataGradient(s, activation, joins: false, adds: activation == .none),
      fusedDataGradient(s, .relu, joins: false, adds: true, ofBatch: false),
      fusedFilterGradient(s, activation),
      fusedFilterGradient(s, .relu, ofBatch: false),
      bothGradients(s, activation, joins: i % 2 == 0),
      followed(s, activation, joins: i % 2 == 1),
    ]
  }

  /// One of each pass.
  static func fusedForms(_ s: ConvolutionSizes, _ activation: Activation) -> [OpCase] {
    [
      fusedForward(s, activation),
      fusedDataGradient(s, activation, joins: true, adds: true),
      fusedFilterGradient(s, activation),
    ]
  }
}
