import Autograd
package import Components
package import Datasets
import Networks
import Tensors

/// What an extractor gives for some images, kept so that a head can take it in other orders of its
/// channels.
package struct CutFeatures {
  /// `[batch, height, width, channels]`, on the host.
  fileprivate let batches: [(values: [Float], indices: [Int], counted: Int)]
  fileprivate let shape: Shape
  fileprivate let images: Int

  /// What the head takes.
  package var channels: Int { shape.sizes.last! }
}

extension Evaluator {
  /// In the batches of measuring.
  package func cutFeatures(of network: Recombination, on images: ImageSet) throws -> CutFeatures {
    var batches: [(values: [Float], indices: [Int], counted: Int)] = []
    var shape: Shape = []
    try forEachBatch(of: images) { store, indices, counted in
      let x = gather(store, indices, for: network.extractor.preprocessing)
      let features = network.extractor(Variable(x), context(network)).value
      shape = features.shape
      batches.append((try backend.download(features), indices, counted))
    }
    return CutFeatures(batches: batches, shape: shape, images: images.count)
  }

  /// The output that each image gets where channel c of the head gets the extractor's `order[c]`.
  package func predictions(
    _ network: Recombination, _ features: CutFeatures, channels order: [Int]
  ) throws -> [Int] {
    let outputs = Array(network.head.classNames.indices)
    let logits = try logits(network, features, channels: order)
    return (0..<features.images).map { image in
      let row = logits[image * outputs.count..<(image + 1) * outputs.count]
      return Self.argMax(row, among: outputs) ?? 0
    }
  }

  /// Logits `[images, outputs]` where channel c of the head gets the extractor's `order[c]`.
  package func logits(
    _ network: Recombination, _ features: CutFeatures, channels order: [Int]
  ) throws -> [Float] {
    let outputs = network.head.classNames.count
    var result = [Float](repeating: 0, count: features.images * outputs)
    for batch in features.batches {
      var values = batch.values
      for start in stride(from: 0, to: values.count, by: order.count) {
        for (channel, source) in order.enumerated() {
          values[start + channel] = batch.values[start + source]
        }
      }
      let x = Variable(backend.makeTensor(features.shape, values))
      let logits = try backend.download(network.head(x, context(network)).value)
      for position in 0..<batch.counted {
        let to = batch.indices[position] * outputs
        result.replaceSubrange(
          to..<to + outputs, with: logits[position * outputs..<(position + 1) * outputs])
      }
    }
    return result
  }

  private func context(_ network: Recombination) -> ForwardContext {
    ForwardContext(
      tape: Tape(on: backend, recording: false), statistics: network.batchNorm.statistics)
  }
}
