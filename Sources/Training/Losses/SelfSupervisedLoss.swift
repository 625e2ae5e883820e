public import Autograd
public import Components
public import Networks
import Tensors

/// weight · the mean over all copies of CE(h(f(copy; Φt); Θs), what was done to it), in Eq. 1 with
/// weight 1. The copies are a pass of their own with its own batch statistics.
public struct SelfSupervisedLoss: LossTerm {
  /// h(·; Θs).
  public let head: AuxiliaryHead
  /// The copies.
  public let view: any ImageView
  /// w of Eq. 1, there 1.
  public let weight: Double
  /// Whether it is one task's own, as in the paper's upper bound.
  let isOwn: Bool

  public init(
    _ task: any AuxiliaryTask, head: AuxiliaryHead, copies: Copies = .all, weight: Double = 1
  ) {
    self.init(task, head: head, copies: copies, weight: weight, isOwn: false)
  }

  init(
    _ task: any AuxiliaryTask, head: AuxiliaryHead, copies: Copies, weight: Double, isOwn: Bool
  ) {
    view = CopiesView(task: task, copies: copies)
    (self.head, self.weight, self.isOwn) = (head, weight, isOwn)
  }

  public var name: String { head.kind.rawValue }
  public var sharedHead: AuxiliaryHead? { isOwn ? nil : head }
  public func parameters(of network: TaskNetwork) -> [Parameter] { head.head.layers.parameters }

  public func loss(_ input: LossInput) -> Variable {
    input.meanCrossEntropy(
      head.head(input.features, input.context), input.images.labels, weight: weight)
  }
}

/// The copies that a self-supervised task makes of the images.
public struct CopiesView: ImageView {
  /// What makes the copies.
  public let task: any AuxiliaryTask
  /// How many it makes of an image.
  public let copies: Copies

  public init(task: any AuxiliaryTask, copies: Copies = .all) {
    (self.task, self.copies) = (task, copies)
  }

  public var name: String { "copies for \(task.kind.rawValue)" }

  public func look(at minibatch: Minibatch) -> ViewedImages {
    let images = minibatch.transforms
    switch copies {
    case .all:
      return ViewedImages(
        transforms: task.copies(of: images),
        positions: task.labelNames.indices.flatMap { _ in images.indices },
        labels: task.labels(count: images.count))
    case .one:
      // Of each kind, task and step its own, so that no other draw depends on it.
      var random = RandomStream(
        seed: minibatch.seed, .copies,
        stream: UInt32(minibatch.network.index) &+ task.kind.randomStream,
        step: UInt32(minibatch.step))
      let (copies, labels) = task.oneCopy(of: images, &random)
      return ViewedImages(transforms: copies, positions: Array(images.indices), labels: labels)
    }
  }
}
