import Autograd
import Components
import Datasets
import Networks
import Tensors

/// The pass that every self-supervised method makes beside the target's: a batch of its own, with
/// batch statistics of its own.
enum SelfSupervision {
  /// Gradients of the mean over all copies of CE(h(f(copy; Φ); Θ), label), by Eq. 1 with weight 1,
  /// into the extractor and, unless it is frozen, the head.
  /// - Parameter updateRunning: whether the extractor's running statistics follow the copies: only
  ///   where there is no other pass.
  /// - Returns: the loss `[1]`, not read back.
  static func accumulate(
    _ transforms: [ImageTransform], _ network: TaskNetwork, _ head: AuxiliaryHead,
    updateRunning: Bool, on backend: any Backend
  ) -> Tensor {
    guard let task = head.kind.auxiliaryTask else {
      preconditionFailure("a head of kind \(head.kind.rawValue) is no self-supervised task's")
    }
    let copies = task.copies(of: transforms)
    let tape = Tape(on: backend)
    let context = ForwardContext(tape: tape, statistics: .batch(updateRunning: updateRunning))
    let features = network.extractor(network.images(copies, on: backend), context)
    let loss = tape.softmaxCrossEntropy(
      head.head(features, context),
      backend.makeLabels(task.labels(count: transforms.count)), divisor: Float(copies.count))
    tape.backward(from: [loss])
    return loss.value
  }
}
