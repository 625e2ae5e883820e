import Autograd
import Components
import Datasets
import Networks
import Optimizers
import Tensors

/// What is done with one minibatch.
extension Trainer {
  /// One minibatch of one task: the terms' gradients, pass by pass, then an update of what took part.
  /// - Parameter step: how many minibatches of this task came before; tells which images it takes.
  package func step(
    _ network: TaskNetwork, step: Int, learningRate: Float, stopwatch: Stopwatch? = nil
  ) throws {
    let before = stopwatch?.seconds ?? 0
    let (transforms, labels) = try network.minibatch(step, on: backend)
    if network.decoder != nil { secondsWaiting += (stopwatch?.seconds ?? 0) - before }
    let minibatch = Minibatch(
      network: network, transforms: transforms, labels: labels, step: step, seed: settings.seed)
    var trained = network.extractor.layers.parameters
    var losses: [LossTensor] = []
    for (view, terms) in passes[network.index] {
      losses += accumulate(terms, view, minibatch)
      for term in terms { trained += term.parameters(of: network) }
    }
    optimizer.step(trained, learningRate: learningRate, on: backend, watch: (watch, step))
    backend.flush()
    if backend is any AnomalyDetecting {
      do { try backend.synchronize() } catch let anomaly as AnomalyError {
        throw DivergenceError(what: anomaly.description, step: step, isTraced: true)
      }
    }
    imagesDone += transforms.count
    recent[network.index] = losses
  }

  /// The gradients of the terms that share a pass.
  private func accumulate(
    _ terms: [any LossTerm], _ view: any ImageView, _ minibatch: Minibatch
  ) -> [LossTensor] {
    let network = minibatch.network
    let images = view.look(at: minibatch)
    let tape = Tape(on: backend)
    // Running statistics follow the upright images, and copies only where there is nothing else.
    let isFirst = passes[network.index].first?.view.name == view.name
    let context = ForwardContext(
      tape: tape,
      statistics: .batch(updateRunning: isFirst || settings.objective == .selfSupervised),
      recomputesBlocks: settings.recompute == .blocks)
    let features = network.extractor(network.images(images, minibatch, on: backend), context)
    let input = LossInput(
      minibatch: minibatch, images: images, features: features, context: context)
    let losses = terms.map { $0.loss(input) }
    tape.backward(from: losses)
    return zip(terms, losses).map {
      LossTensor(name: $0.name, value: $1.value, weight: Float($0.weight))
    }
  }

  struct LossTensor {
    let name: String
    /// Times its weight.
    let value: Tensor
    let weight: Float
  }

  /// Terms by the view that they look at, in the order of the views' first terms.
  static func passes(_ terms: [any LossTerm]) -> [Pass] {
    var passes: [Pass] = []
    for term in terms {
      if let at = passes.firstIndex(where: { $0.view.name == term.view.name }) {
        passes[at].terms.append(term)
      } else {
        passes.append((term.view, [term]))
      }
    }
    return passes
  }

  typealias Pass = (view: any ImageView, terms: [any LossTerm])

  func readLosses(_ network: TaskNetwork, step: Int) throws -> TaskLosses {
    var losses = TaskLosses(task: network.name, target: nil)
    for loss in recent[network.index] {
      let value = try backend.download(loss.value)[0]
      guard value.isFinite else {
        throw DivergenceError(what: "the loss of task \(network.name) is not finite", step: step)
      }
      // As it is without its weight.
      if loss.name == "target" {
        losses.target = value
      } else {
        losses.auxiliary[loss.name] = value / loss.weight
      }
    }
    return losses
  }
}
