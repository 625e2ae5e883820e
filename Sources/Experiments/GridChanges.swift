public import Networks

/// What a grid has other than its scale says; nil: as the scale has it.
public struct GridChanges: Sendable, Hashable {
  /// Minibatches of each task.
  public var steps: Int?
  public var architecture: Architecture?
  /// Height and width that images are brought to.
  public var imageSize: Int?
  public var batchSize: Int?

  public init(
    steps: Int? = nil, architecture: Architecture? = nil, imageSize: Int? = nil,
    batchSize: Int? = nil
  ) {
    (self.steps, self.architecture) = (steps, architecture)
    (self.imageSize, self.batchSize) = (imageSize, batchSize)
  }

  /// Whether all is as the scale has it.
  var isEmpty: Bool { self == GridChanges() }
}
