import Autograd
import Components
import Datasets
import Networks
import Tensors

/// What is done with one minibatch.
extension Trainer {
  /// One minibatch of one task.
  /// - Parameter step: how many minibatches of this task came before; tells which images it takes.
  package func step(
    _ network: TaskNetwork, step: Int, learningRate: Float, clock: () -> Double = { 0 }
  ) throws {
    let before = clock()
    let (transforms, labels) = try network.minibatch(step, on: backend)
    if network.decoder != nil { secondsWaiting += clock() - before }
    var losses = LossTensors()
    var trained = network.extractor.layers.parameters
    let hasTargets = recipe.objective == .target && step >= firstTargetStep
    if hasTargets {
      trained += accumulateTargets(transforms, labels, network, &losses)
    }
    let minibatch = SelfSupervision.Minibatch(
      network: network, transforms: transforms, labels: labels, step: step)
    for head in selfSupervisedHeads(of: network) {
      losses.auxiliary[head.kind] = SelfSupervision(
        recipe: recipe, networks: networks, backend: backend
      ).accumulate(minibatch, head, withTargets: hasTargets)
      trained += head.head.layers.parameters
    }
    optimiser.step(trained, learningRate: learningRate, on: backend, watch: (watch, step))
    backend.flush()
    if backend is any AnomalyDetecting {
      do { try backend.synchronize() } catch let anomaly as AnomalyError {
        throw DivergenceError(what: anomaly.description, step: step, isTraced: true)
      }
    }
    imagesDone += transforms.count
    recent[network.index] = losses
  }

  /// Gradients of the losses that need labels. - Returns: the parameters of their heads.
  private func accumulateTargets(
    _ transforms: [ImageTransform], _ labels: [Int32], _ network: TaskNetwork,
    _ losses: inout LossTensors
  ) -> [Parameter] {
    let batch = Float(transforms.count)
    var trained = network.head.layers.parameters
    let tape = Tape(on: backend)
    let context = ForwardContext(tape: tape, statistics: .batch(updateRunning: true))
    let features = network.extractor(network.images(transforms, on: backend), context)
    let target = tape.softmaxCrossEntropy(
      network.head(features, context), backend.makeLabels(labels), divisor: batch)
    losses.target = target.value
    var all = [target]
    if let common = commonClassesHead {
      let indices = classMap.indices(of: network.index, in: common.head.classNames)
      let loss = tape.softmaxCrossEntropy(
        common.head(features, context),
        backend.makeLabels(labels.map { indices[Int($0)] }), divisor: batch)
      losses.auxiliary[common.kind] = loss.value
      trained += common.head.layers.parameters
      all.append(loss)
    }
    tape.backward(from: all)
    return trained
  }

  /// Its own rotation head, or those that all tasks share.
  func selfSupervisedHeads(of network: TaskNetwork) -> [AuxiliaryHead] {
    network.ownRotationHead.map { [$0] } ?? selfSupervisedHeads
  }

  /// Of each task, the first minibatch whose target loss counts.
  private var firstTargetStep: Int {
    Int((Double(recipe.steps) * recipe.selfSupervisedFirst).rounded())
  }

  struct LossTensors {
    var target: Tensor?
    var auxiliary: [AuxiliaryHead.Kind: Tensor] = [:]
  }

  func readLosses(_ network: TaskNetwork, step: Int) throws -> TaskLosses {
    let tensors = recent[network.index]
    func read(_ tensor: Tensor) throws -> Float {
      let value = try backend.download(tensor)[0]
      guard value.isFinite else {
        throw DivergenceError(what: "the loss of task \(network.name) is not finite", step: step)
      }
      return value
    }
    var losses = TaskLosses(task: network.name, target: try tensors.target.map(read))
    for (kind, tensor) in tensors.auxiliary {
      // As it is without its weight.
      let weight = kind == .commonClasses ? 1 : Float(recipe.selfSupervisedWeight)
      losses.auxiliary[kind.rawValue] = try read(tensor) / weight
    }
    return losses
  }
}
