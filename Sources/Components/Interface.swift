public import Networks
public import Tensors

/// Which statistics a component's batch norm uses when it is used (its training always took the
/// batch's). Recorded because a network measured by other ones is another network.
public enum BatchNormPolicy: String, Codable, Sendable, CaseIterable {
  /// The batch's own, at test time too, as in all experiments of the paper.
  case batch
  /// The running ones of the training.
  case running
  /// Statistics taken again, on images named in the lineage.
  case recalibrated

  /// What a forward pass is told.
  public var statistics: BatchNormStatistics {
    self == .batch ? .batch(updateRunning: false) : .running
  }
}

/// What crosses the cut: the same for an extractor (which gives it) and a head (which takes it).
/// Preprocessing is no part of it: a head never sees pixels.
public struct Interface: Codable, Hashable, Sendable {
  public var channels: Int
  /// What the features have gone through last; `none` is a bare sum or a linear map.
  public var activation: Activation
  /// Height and width of the features. A head leaves it open (nil) where its pool absorbs any.
  public var spatialSize: Int?
  public var batchNorm: BatchNormPolicy

  public init(
    channels: Int, activation: Activation, spatialSize: Int?, batchNorm: BatchNormPolicy
  ) {
    self.channels = channels
    self.activation = activation
    self.spatialSize = spatialSize
    self.batchNorm = batchNorm
  }

  /// What an extractor of this architecture gives for images of `imageSize`.
  init(of architecture: Architecture, imageSize: Int, batchNorm: BatchNormPolicy) {
    let (channels, divisor) = architecture.cut
    self.init(
      channels: channels, activation: architecture.cutActivation,
      spatialSize: imageSize / divisor, batchNorm: batchNorm)
  }

  /// What a head of this architecture takes.
  init(of architecture: Architecture, spatialSize: Int?, batchNorm: BatchNormPolicy) {
    self.init(
      channels: architecture.cut.channels, activation: architecture.cutActivation,
      spatialSize: spatialSize, batchNorm: batchNorm)
  }
}
