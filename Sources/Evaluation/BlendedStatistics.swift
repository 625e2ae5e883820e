import Autograd
public import Components
public import Datasets
import Networks
public import Tensors

extension Recalibration {
  /// Sets the running statistics of all batch norms to what the source's, worth `sourceImages`
  /// images, and those of these few images say together (Schneider et al. 2020), and the policy of
  /// both parts to `recalibrated`. The images are one batch, which passes through the network as it
  /// is then normalized; no labels are looked at, and weights stay as they are.
  /// - Parameters:
  ///   - network: whose running statistics are its source's.
  ///   - images: a batch of the target's.
  ///   - sourceImages: N; with 0 the images' own statistics are taken.
  ///   - backend: where it computes.
  /// - Throws: `DatasetError` for fewer than two images; the device's errors.
  public static func blend(
    _ network: Recombination, on images: ImageSet, sourceImages: Int, backend: any Backend
  ) throws {
    guard images.count >= 2 else {
      throw DatasetError(
        .malformed, path: "the images to take statistics on", problem: "there are \(images.count)",
        advice: "Give at least 2, better a hundred.")
    }
    let evaluator = Evaluator(batchSize: images.count, on: backend)
    let store = backend.makeImageStore(
      bytes: images.bytes, count: images.count, height: images.size, width: images.size)
    let x = evaluator.gather(
      store, Array(0..<images.count), for: network.extractor.preprocessing)
    var found: [(norm: BatchNorm, mean: Tensor, variance: Tensor)] = []
    let context = ForwardContext(
      tape: Tape(on: backend, recording: false), statistics: .blended(sourceImages: sourceImages),
      observer: { norm, mean, variance, _ in found.append((norm, mean, variance)) })
    _ = network(Variable(x), context)
    for (norm, mean, variance) in found {
      backend.copy(mean, to: norm.runningMean.value)
      backend.copy(variance, to: norm.runningVariance.value)
    }
    try backend.synchronize()
    network.extractor.stamp.batchNorm = .recalibrated
    network.head.stamp.batchNorm = .recalibrated
  }
}
