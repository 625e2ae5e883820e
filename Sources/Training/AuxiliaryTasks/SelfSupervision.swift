import Autograd
import Components
import Datasets
import Networks
import Tensors

/// The pass that every self-supervised method makes beside the target's: a batch of its own, with
/// batch statistics of its own.
struct SelfSupervision {
  let recipe: Recipe
  /// Of all tasks.
  let networks: [TaskNetwork]
  let backend: any Backend

  /// A minibatch of one task, before its copies are made.
  struct Minibatch {
    let network: TaskNetwork
    let transforms: [ImageTransform]
    let labels: [Int32]
    /// How many of this task came before.
    let step: Int
  }

  /// Gradients of weight · the mean over all copies of CE(h(f(copy; Φ); Θ), label), in Eq. 1 with
  /// weight 1, into the extractor and, unless it is frozen, the head; where the recipe says so, of
  /// the target loss on the copies, too.
  /// - Returns: the loss `[1]`, times its weight, not read back.
  func accumulate(_ minibatch: Minibatch, _ head: AuxiliaryHead, withTargets: Bool) -> Tensor {
    guard let task = head.kind.auxiliaryTask else {
      preconditionFailure("a head of kind \(head.kind.rawValue) is no self-supervised task's")
    }
    let network = minibatch.network
    let (copies, labels) = copies(minibatch, task)
    let tape = Tape(on: backend)
    // Running statistics follow the copies only where there is no other pass.
    let context = ForwardContext(
      tape: tape, statistics: .batch(updateRunning: recipe.objective == .selfSupervised))
    let features = network.extractor(network.images(copies, on: backend), context)
    let seen = masked(features, minibatch, head.kind, copies, context)
    let loss = tape.softmaxCrossEntropy(
      head.head(seen, context), backend.makeLabels(labels),
      divisor: Float(Double(copies.count) / recipe.selfSupervisedWeight))
    var all = [loss]
    if withTargets && recipe.targetOnCopies > 0 {
      let perImage = copies.count / minibatch.transforms.count
      let targets = (0..<perImage).flatMap { _ in minibatch.labels }
      all.append(
        tape.softmaxCrossEntropy(
          network.head(features, context), backend.makeLabels(targets),
          divisor: Float(Double(copies.count) / recipe.targetOnCopies)))
    }
    tape.backward(from: all)
    return loss.value
  }

  private func copies(
    _ minibatch: Minibatch, _ task: any AuxiliaryTask
  ) -> (copies: [ImageTransform], labels: [Int32]) {
    switch recipe.rotations {
    case .all:
      return (
        task.copies(of: minibatch.transforms), task.labels(count: minibatch.transforms.count)
      )
    case .one:
      var random = random(.copies, minibatch, task.kind)
      return task.oneCopy(of: minibatch.transforms, &random)
    }
  }

  /// Of each kind, task and step its own, so that no other draw depends on it.
  private func random(
    _ purpose: RandomPurpose, _ minibatch: Minibatch, _ kind: AuxiliaryHead.Kind
  ) -> RandomStream {
    let stream = UInt32(minibatch.network.index) | (kind == .rotation ? 0 : 1 << 31)
    return RandomStream(
      seed: recipe.seed, purpose, stream: stream, step: UInt32(minibatch.step))
  }

  // MARK: Channels

  /// The features as the self-supervised head sees them: some channels hidden, some from another
  /// task's extractor.
  private func masked(
    _ features: Variable, _ minibatch: Minibatch, _ kind: AuxiliaryHead.Kind,
    _ copies: [ImageTransform], _ context: ForwardContext
  ) -> Variable {
    let (hide, exchange) = (recipe.selfSupervisedDropout, recipe.selfSupervisedExchange)
    guard hide > 0 || exchange > 0 else { return features }
    var random = random(.channelMasks, minibatch, kind)
    let channels = features.shape.sizes.last!
    // Of at least one channel something is left.
    let kept = random.below(channels)
    let isHidden = (0..<channels).map { Double(random.uniform()) < hide && $0 != kept }
    let isForeign = (0..<channels).map { _ in Double(random.uniform()) < exchange }
    let own = zip(isHidden, isForeign).map { !$0 && !$1 }
    var seen = select(own, of: features, context)
    let foreign = zip(isHidden, isForeign).map { !$0 && $1 }
    if foreign.contains(true) {
      let others = networks.filter { $0 !== minibatch.network }
      let other = others[random.below(others.count)]
      let unrecorded = ForwardContext(
        tape: Tape(on: backend, recording: false), statistics: .batch(updateRunning: false))
      let theirs = other.extractor(
        minibatch.network.images(copies, as: other.extractor.preprocessing, on: backend),
        unrecorded)
      seen = context.tape.add(seen, select(foreign, of: theirs, unrecorded))
    }
    return seen
  }

  /// The chosen channels, 0 in all others: a 1×1 convolution with a diagonal matrix.
  private func select(
    _ chosen: [Bool], of features: Variable, _ context: ForwardContext
  ) -> Variable {
    let count = chosen.count
    var diagonal = [Float](repeating: 0, count: count * count)
    for (channel, isChosen) in chosen.enumerated() where isChosen {
      diagonal[channel * count + channel] = 1
    }
    return context.tape.convolution(
      features, Variable(backend.makeTensor([1, 1, count, count], diagonal)), stride: 1,
      padding: 0)
  }
}
