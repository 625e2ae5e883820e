import Autograd
public import Components
public import Datasets
public import Evaluation
import Networks
import Optimizers
public import Tensors
import Training

/// TENT as its authors run it (Wang et al. 2021): a network that is tested goes on learning from
/// the test images, whose labels it does not see. Each batch is predicted by its own statistics, and
/// then moves batch norm's scales and shifts by one step of SGD (momentum 0.9, no decay) down the
/// entropy of these predictions; the next batch meets the network that this one left.
public struct OnlineEntropy: Sendable {
  /// Images a batch.
  public var batchSize: Int
  /// Constant.
  public var learningRate: Double

  public init(batchSize: Int, learningRate: Double) {
    (self.batchSize, self.learningRate) = (batchSize, learningRate)
  }

  /// Accuracy of the predictions as they were made, each image once.
  /// - Parameters:
  ///   - network: changes, and is frozen but for its batch norms.
  ///   - images: in the order of measuring; labels serve the measurement alone.
  ///   - labelNames: canonical class name of each label of `images`.
  ///   - classes: only images of these classes come; all of them where nil.
  ///   - backend: where it computes.
  /// - Returns: nil where no image is of these classes.
  public func evaluate(
    _ network: Recombination, on images: ImageSet, labelNames: [String], classes: [String]? = nil,
    backend: any Backend
  ) throws -> Evaluator.Outcome? {
    let evaluator = Evaluator(batchSize: batchSize, on: backend)
    return try evaluator.evaluate(
      outputs: network.head.classNames, on: images, labelNames: labelNames, classes: classes
    ) { try logits(network, images, among: $0, evaluator, backend) }
  }

  private func logits(
    _ network: Recombination, _ images: ImageSet, among chosen: [Int], _ evaluator: Evaluator,
    _ backend: any Backend
  ) throws -> [Float] {
    network.extractor.layers.freezeAllButNorms()
    network.head.layers.freezeAllButNorms()
    let parameters = network.extractor.layers.parameters + network.head.layers.parameters
    let optimizer = SGD(momentum: 0.9, weightDecay: 0)
    let outputs = network.head.classNames.count
    var result = [Float](repeating: 0, count: chosen.count * outputs)
    try evaluator.forEachBatch(of: images, count: chosen.count) { store, indices, counted in
      let x = evaluator.gather(
        store, indices.map { chosen[$0] }, for: network.extractor.preprocessing)
      let tape = Tape(on: backend)
      let logits = network(
        Variable(x), ForwardContext(tape: tape, statistics: .batch(updateRunning: false)))
      let values = try backend.download(logits.value)
      for position in 0..<counted {
        let to = indices[position] * outputs
        result.replaceSubrange(
          to..<to + outputs, with: values[position * outputs..<(position + 1) * outputs])
      }
      tape.backward(from: [tape.predictionEntropy(logits, diversity: 0, weight: 1)])
      optimizer.step(parameters, learningRate: Float(learningRate), on: backend)
      backend.flush()
    }
    try backend.synchronize()
    return result
  }
}
