import Analysis
import Autograd
package import Components
package import Datasets
import Networks
package import Tensors

/// What two extractors make of the same images, as statistics of their channels: of most batches to
/// fit something by, of the others to choose it by.
struct PairedFeatures {
  var fitted: FeatureStatistics
  var heldOut: FeatureStatistics

  /// One batch of so many is held out.
  private static let heldOutBatches = 5

  /// One pass of the images through both.
  ///
  /// Second moments are products of matrices on the device, in float, batch by batch; they are
  /// taken of the features less the first batch's means, so that little cancels, and are summed in
  /// double.
  /// - Parameters:
  ///   - chosen: the images that are looked at, in their order; at least four.
  ///   - batchSize: images a batch, or a few less: batches have nearly equal sizes.
  /// - Precondition: both give features of one height and width.
  init(
    _ first: FeatureExtractor, _ second: FeatureExtractor, on images: ImageSet, chosen: [Int],
    batchSize: Int, backend: any Backend
  ) throws {
    let evaluator = Evaluator(batchSize: batchSize, on: backend)
    let store = backend.makeImageStore(
      bytes: images.bytes, count: images.count, height: images.size, width: images.size)
    let batches = max(2, (chosen.count + batchSize - 1) / batchSize)
    var moments: DeviceMoments?
    let (c, k) = (first.interface.channels, second.interface.channels)
    (fitted, heldOut) = (FeatureStatistics(channels: c, k), FeatureStatistics(channels: c, k))
    for index in 0..<batches {
      let range = index * chosen.count / batches..<(index + 1) * chosen.count / batches
      let features = [first, second].map {
        evaluator.features(of: $0, store, range.map { chosen[$0] })
      }
      if moments == nil { moments = try DeviceMoments(features[0], features[1], on: backend) }
      let isHeldOut =
        batches < Self.heldOutBatches
        ? index == batches - 1 : index % Self.heldOutBatches == Self.heldOutBatches - 1
      if isHeldOut {
        try moments!.add(features[0], features[1], to: &heldOut)
      } else {
        try moments!.add(features[0], features[1], to: &fitted)
      }
    }
  }

  /// Of all batches.
  var all: FeatureStatistics {
    var all = fitted
    all.add(heldOut)
    return all
  }
}

extension Evaluator {
  /// `[N, height, width, channels]`, batch norm as the extractor states it.
  package func features(
    of extractor: FeatureExtractor, _ store: ImageStore, _ indices: [Int]
  ) -> Tensor {
    let context = ForwardContext(
      tape: Tape(on: backend, recording: false),
      statistics: statistics ?? extractor.stamp.batchNorm.statistics)
    let x = gather(store, indices, for: extractor.preprocessing)
    return extractor(Variable(x), context).value
  }

  /// Means over height and width, `[images, channels]`, by the rules of measuring.
  package func pooledFeatures(
    of extractor: FeatureExtractor, on images: ImageSet
  ) throws -> [Float] {
    let channels = extractor.interface.channels
    var result = [Float](repeating: 0, count: images.count * channels)
    try forEachBatch(of: images) { store, indices, counted in
      let features = features(of: extractor, store, indices)
      let pooled = Tape(on: backend, recording: false).globalAveragePool(Variable(features))
      let values = try backend.download(pooled.value)
      for position in 0..<counted {
        result.replaceSubrange(
          indices[position] * channels..<(indices[position] + 1) * channels,
          with: values[position * channels..<(position + 1) * channels])
      }
    }
    return result
  }
}

/// First and second moments of two tensors' channels, on the device.
private struct DeviceMoments {
  private let backend: any Backend
  /// What is taken off each channel.
  private let shifts: [[Float]]
  /// The same, negative, for every row of a batch, by the batch's rows.
  private var tiles: [Int: [Tensor]] = [:]

  /// - Parameters: the first batch's features.
  init(_ first: Tensor, _ second: Tensor, on backend: any Backend) throws {
    self.backend = backend
    shifts = try [first, second].map { features in
      let rows = Self.rows(features)
      let sums = backend.makeTensor([rows.shape[1]])
      backend.linearParameterGradient(
        x: rows, dy: rows, dw: nil, db: GradientOutput(sums, accumulate: false))
      return try backend.download(sums).map { $0 / Float(rows.shape[0]) }
    }
  }

  mutating func add(
    _ first: Tensor, _ second: Tensor, to statistics: inout FeatureStatistics
  ) throws {
    let count = first.count / first.shape.sizes.last!
    let shifted = zip([first, second].map(Self.rows), tiles(count)).map { rows, tile in
      let result = backend.makeTensor(rows.shape)
      backend.add(rows, tile, into: result)
      return result
    }
    let (x, y) = (shifted[0], shifted[1])
    let (c, k) = (x.shape[1], y.shape[1])
    let (xx, xSums) = try products(x, x)
    let (xy, ySums) = try products(x, y)
    let (yy, _) = try products(y, y)
    let (width, n) = (c + k, Double(count))
    let sums = (xSums + ySums).map(Double.init)
    var scatter = [Double](repeating: 0, count: width * width)
    for i in 0..<width {
      for j in 0..<width {
        let product =
          switch (i < c, j < c) {
          case (true, true): xx[i * c + j]
          case (true, false): xy[i * k + j - c]
          case (false, true): xy[j * k + i - c]
          case (false, false): yy[(i - c) * k + j - c]
          }
        scatter[i * width + j] = Double(product) - sums[i] * sums[j] / n
      }
    }
    let means = zip(sums, shifts[0] + shifts[1]).map { $0 / n + Double($1) }
    statistics.add(count: count, mean: means, scatter: scatter)
  }

  /// aᵀ·b and the sums of b's columns.
  private func products(_ a: Tensor, _ b: Tensor) throws -> ([Float], [Float]) {
    let product = backend.makeTensor([a.shape[1], b.shape[1]])
    let sums = backend.makeTensor([b.shape[1]])
    backend.linearParameterGradient(
      x: a, dy: b, dw: GradientOutput(product, accumulate: false),
      db: GradientOutput(sums, accumulate: false))
    return (try backend.download(product), try backend.download(sums))
  }

  private mutating func tiles(_ rows: Int) -> [Tensor] {
    if let known = tiles[rows] { return known }
    let made = shifts.map { shift in
      let row = shift.map { -$0 }
      var values: [Float] = []
      values.reserveCapacity(rows * row.count)
      for _ in 0..<rows { values += row }
      return backend.makeTensor([rows, row.count], values)
    }
    tiles[rows] = made
    return made
  }

  /// `[N, H, W, C]` as `[N·H·W, C]`.
  private static func rows(_ features: Tensor) -> Tensor {
    let channels = features.shape.sizes.last!
    return features.reshaped([features.count / channels, channels])
  }
}
