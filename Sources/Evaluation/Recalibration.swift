import Autograd
public import Components
public import Datasets
import Networks
public import Tensors

/// Batch-norm statistics taken again on images that the network is to be used on, so that a
/// prediction depends on its image alone.
public enum Recalibration {
  /// Sets the running statistics of all batch norms to those of these images, and the policy of
  /// both parts to `recalibrated`. No labels are looked at; weights stay as they are.
  ///
  /// The images pass once, in batches that normalize by themselves, as they did in training. Of a
  /// channel, with mean μ and biased variance v over the M values of batch b:
  ///
  ///     mean = Σ M μ / Σ M,   variance = Σ M (v + (μ − mean)²) / Σ M
  ///
  /// in double precision: mean and biased (population) variance over all values of all batches (Wu
  /// and Johnson 2021, “precise batch norm”). With all images in one batch, the network then
  /// predicts as it does by the batch's statistics.
  /// - Parameters:
  ///   - network: whose statistics are set.
  ///   - images: those that the statistics are taken over.
  ///   - batchSize: images a batch, or a few less: batches have nearly equal sizes.
  ///   - backend: where it computes.
  /// - Throws: `DatasetError` for fewer than two images; the device's errors. The network is then
  ///   as it was.
  public static func recalibrate(
    _ network: Recombination, on images: ImageSet, batchSize: Int, backend: any Backend
  ) throws {
    guard images.count >= 2 else {
      throw DatasetError(
        .malformed, path: "the images to recalibrate on", problem: "there are \(images.count)",
        advice: "Give at least 2, better a thousand.")
    }
    let evaluator = Evaluator(batchSize: batchSize, on: backend)
    var random = RandomStream(seed: 0, .evaluationOrder)
    let order = random.permutation(images.count)
    let store = backend.makeImageStore(
      bytes: images.bytes, count: images.count, height: images.size, width: images.size)
    var pools: [Pool] = []
    let batches = (images.count + batchSize - 1) / batchSize
    for index in 0..<batches {
      let range = index * images.count / batches..<(index + 1) * images.count / batches
      let x = evaluator.gather(
        store, range.map { order[$0] }, for: network.extractor.preprocessing)
      var seen: [(norm: BatchNorm, mean: Tensor, variance: Tensor, values: Int)] = []
      let context = ForwardContext(
        tape: Tape(on: backend, recording: false), statistics: .batch(updateRunning: false),
        observer: { seen.append(($0, $1, $2, $3)) })
      _ = network(Variable(x), context)
      if pools.isEmpty { pools = seen.map { Pool($0.norm) } }
      for (place, part) in seen.enumerated() {
        pools[place].add(
          mean: try backend.download(part.mean), variance: try backend.download(part.variance),
          values: part.values)
      }
    }
    for pool in pools {
      backend.upload(pool.mean.map(Float.init), to: pool.norm.runningMean.value)
      backend.upload(pool.variance.map(Float.init), to: pool.norm.runningVariance.value)
    }
    try backend.synchronize()
    network.extractor.stamp.batchNorm = .recalibrated
    network.head.stamp.batchNorm = .recalibrated
  }

  /// Statistics of all batches so far, channel by channel; batches are added one by one (Chan et
  /// al. 1983), so that nothing is kept of them.
  private struct Pool {
    let norm: BatchNorm
    private(set) var mean: [Double]
    private(set) var variance: [Double]
    private var count = 0.0

    init(_ norm: BatchNorm) {
      self.norm = norm
      mean = [Double](repeating: 0, count: norm.gamma.value.count)
      variance = mean
    }

    mutating func add(mean other: [Float], variance biased: [Float], values: Int) {
      let share = Double(values) / (count + Double(values))
      for channel in mean.indices {
        let difference = Double(other[channel]) - mean[channel]
        variance[channel] +=
          share * (Double(biased[channel]) - variance[channel])
          + share * (1 - share) * difference * difference
        mean[channel] += share * difference
      }
      count += Double(values)
    }
  }
}

extension Model {
  /// A model whose batch-norm statistics are those of these images; its lineage names them.
  /// - Parameters:
  ///   - images: those that the statistics are taken over.
  ///   - name: what the lineage calls the images.
  ///   - digest: of the data set (`Dataset.digest`).
  ///   - batchSize: images a batch, or a few less.
  ///   - path: the model's, for errors.
  ///   - backend: where it computes.
  public func recalibrated(
    on images: ImageSet, named name: String, digest: String, batchSize: Int, path: String,
    backend: any Backend
  ) throws -> Model {
    let network = try makeModel(path: path, on: backend)
    try Recalibration.recalibrate(network, on: images, batchSize: batchSize, backend: backend)
    func lineage(of before: ComponentHeader, _ role: String) -> Lineage {
      var lineage = Lineage(origin: .recalibration)
      lineage.parents = [.init(role: role, name: before.lineage?.task, digest: before.digest)]
      lineage.data = [.init(name: name, digest: digest)]
      lineage.batchSize = batchSize
      lineage.device = backend.kind
      lineage.precision = backend.statedPrecision
      return lineage
    }
    network.extractor.stamp.lineage = lineage(of: extractor.header, "extractor")
    network.head.stamp.lineage = lineage(of: head.header, "head")
    var model = try Model(
      network, allowDifferentSpace: self.lineage.differentSpaceAllowed ?? false, on: backend)
    let different = model.lineage.differentSpaceAllowed
    model.lineage = lineage(of: head.header, "model")
    model.lineage.parents = [.init(role: "model", digest: self.digest)]
    model.lineage.differentSpaceAllowed = different
    return model
  }
}
