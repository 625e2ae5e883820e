public import Tensors

/// A minibatch of one task, before anybody looks at it.
public struct Minibatch {
  /// The task that it is of.
  public let network: TaskNetwork
  /// Crop, flip and what else augmentation does to each image: B of them.
  public let transforms: [ImageTransform]
  /// `[B]`, the task's own outputs.
  public let labels: [Int32]
  /// How many of this task came before.
  public let step: Int
  /// The training's.
  public let seed: UInt64
}

/// The images of one pass.
public struct ViewedImages {
  /// N of them.
  public let transforms: [ImageTransform]
  /// Of each, its place in the minibatch.
  public let positions: [Int]
  /// What was done to each, where the view knows: the labels of a self-supervised task.
  public let labels: [Int32]

  public init(transforms: [ImageTransform], positions: [Int], labels: [Int32] = []) {
    (self.transforms, self.positions, self.labels) = (transforms, positions, labels)
  }
}
