import Autograd
public import Components
public import Datasets
import Networks
public import Tensors

/// Batch-norm statistics taken again on images that the network is to be used on, so that a prediction
/// depends on its image alone.
public enum Recalibration {
  /// Sets the running statistics of all batch norms to those of these images, and the policy of both
  /// parts to `recalibrated`. No labels are looked at; weights stay as they are.
  ///
  /// The images pass in batches that normalise by themselves, as they did in training. With n images in
  /// batch b, its mean μ and unbiased variance v of a channel, N = Σ n:
  ///
  ///     mean = Σ n μ / N,   variance = Σ n v / N + Σ n (μ − mean)² / N
  ///
  /// in double precision (the pooled statistics of Wu and Johnson 2021, “precise batch norm”).
  /// - Parameter batch: images a batch; the batches are as many as that takes, of nearly equal sizes.
  /// - Throws: `DatasetError` for fewer than two images; the device's errors.
  public static func recalibrate(
    _ network: Recombination, on images: ImageSet, batch: Int, backend: any Backend
  ) throws {
    guard images.count >= 2 else {
      throw DatasetError(
        .malformed, path: "the images to recalibrate on", problem: "there are \(images.count)",
        advice: "Give at least 2, better a thousand.")
    }
    let buffers = network.extractor.layers.buffers + network.head.layers.buffers
    // A batch norm's buffers stand in pairs: mean, variance.
    let norms = stride(from: 0, to: buffers.count, by: 2).map { (buffers[$0], buffers[$0 + 1]) }
    var pools = norms.map { Pool(channels: $0.0.value.shape[0]) }
    let evaluator = Evaluator(batch: batch, on: backend)
    var random = RandomStream(seed: 0, .evaluationOrder)
    let order = random.permutation(images.count)
    let store = backend.makeImageStore(
      bytes: images.bytes, count: images.count, height: images.size, width: images.size)
    let batches = (images.count + batch - 1) / batch
    for index in 0..<batches {
      let range = index * images.count / batches..<(index + 1) * images.count / batches
      let x = evaluator.gather(
        store, range.map { order[$0] }, for: network.extractor.preprocessing)
      let context = ForwardContext(
        tape: Tape(on: backend, recording: false), statistics: .recording)
      _ = network(Variable(x), context)
      for (position, norm) in norms.enumerated() {
        pools[position].add(
          mean: try backend.download(norm.0.value), variance: try backend.download(norm.1.value),
          count: range.count)
      }
    }
    for (pool, norm) in zip(pools, norms) {
      backend.upload(pool.mean.map(Float.init), to: norm.0.value)
      backend.upload(pool.variance.map(Float.init), to: norm.1.value)
    }
    try backend.synchronize()
    network.extractor.stamp.batchNorm = .recalibrated
    network.head.stamp.batchNorm = .recalibrated
  }

  /// Statistics of all batches so far, channel by channel; batches are added one by one (Chan et al.
  /// 1983), so that nothing is kept of them.
  private struct Pool {
    var mean: [Double]
    /// Of the images so far, as in the formula above.
    var variance: [Double]
    private var count = 0.0

    init(channels: Int) {
      mean = [Double](repeating: 0, count: channels)
      variance = mean
    }

    mutating func add(mean other: [Float], variance unbiased: [Float], count images: Int) {
      let n = Double(images)
      let total = count + n
      for channel in mean.indices {
        let difference = Double(other[channel]) - mean[channel]
        variance[channel] =
          (variance[channel] * count + Double(unbiased[channel]) * n
            + difference * difference * count * n / total) / total
        mean[channel] += difference * n / total
      }
      count = total
    }
  }
}

extension ModelRecord {
  /// A model whose batch-norm statistics are those of these images; its lineage names them.
  /// - Parameter digest: of the data set (`Dataset.digest`).
  public func recalibrated(
    on images: ImageSet, named name: String, digest: String, batch: Int, path: String,
    backend: any Backend
  ) throws -> ModelRecord {
    let network = try makeModel(path: path, on: backend)
    try Recalibration.recalibrate(network, on: images, batch: batch, backend: backend)
    func lineage(of before: ComponentHeader, _ role: String) -> Lineage {
      var lineage = Lineage(origin: .recalibration)
      lineage.parents = [.init(role: role, name: before.lineage?.task, digest: before.digest)]
      lineage.data = [.init(name: name, digest: digest)]
      lineage.batch = batch
      lineage.device = backend.kind
      return lineage
    }
    network.extractor.stamp.lineage = lineage(of: extractor.header, "extractor")
    network.head.stamp.lineage = lineage(of: head.header, "head")
    var model = try ModelRecord(
      network, allowDifferentSpace: self.lineage.differentSpaceAllowed ?? false, on: backend)
    let different = model.lineage.differentSpaceAllowed
    model.lineage = lineage(of: head.header, "model")
    model.lineage.parents = [.init(role: "model", digest: self.digest)]
    model.lineage.differentSpaceAllowed = different
    return model
  }
}
