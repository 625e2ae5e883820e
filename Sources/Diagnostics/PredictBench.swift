public import Components
import Datasets
import Evaluation
public import Tensors
public import Training

/// What predictions cost.
public struct PredictResults: Codable, Sendable {
  public let device: String
  /// For example `imagenet-resnet-18`.
  public let architecture: String
  /// Images of a batch.
  public let batchSize: Int
  public let imageSize: Int
  /// Median.
  public let millisecondsPerBatch: Double
  public let millisecondsOfBatches: [Double]
  public let imagesPerSecond: Double
  /// Kernels of a batch; nil where the backend launches none.
  public let launches: Int?
  /// Resident memory of the process at its most.
  public let peakMemoryBytes: Int?
  /// Device buffers at their most.
  public let peakBufferBytes: Int?
}

/// Times predictions as `Predictor` makes them of decoded pictures: normalize, extractor, head, logits
/// back to the host, batch norm by running statistics.
public struct PredictBench {
  private let network: Recombination
  private let images: ImageSet
  private let evaluator: Evaluator
  private let backend: any InstrumentedBackend
  private let stopwatch: Stopwatch

  /// Images are random bytes.
  /// - Parameters:
  ///   - network: whose weights are on the backend.
  ///   - batchSize: images of a batch.
  ///   - backend: what is measured.
  ///   - stopwatch: what batches are timed by.
  public init(
    _ network: Recombination, batchSize: Int, on backend: any InstrumentedBackend,
    stopwatch: Stopwatch = Stopwatch()
  ) {
    var random = RandomStream(seed: 0, .diagnostics)
    let size = network.extractor.preprocessing.imageSize
    images = ImageSet(
      bytes: (0..<batchSize * size * size * 3).map { _ in UInt8(random.below(256)) },
      labels: [Int32](repeating: 0, count: batchSize), size: size)
    evaluator = Evaluator(batchSize: batchSize, policy: .running, on: backend)
    (self.network, self.backend, self.stopwatch) = (network, backend, stopwatch)
  }

  /// - Parameters:
  ///   - repeats: batches that count, after two that do not.
  ///   - beforeBatch: called before each batch, outside its time.
  /// - Throws: what the device reports.
  public func run(
    repeats: Int, beforeBatch: () throws -> Void = {}
  ) throws -> PredictResults {
    precondition(repeats >= 1, "PredictBench: \(repeats) repeats")
    var times: [Double] = []
    var launches: Int?
    for batch in 0..<repeats + 2 {
      try beforeBatch()
      let before = backend.launchCount
      let began = stopwatch.seconds
      _ = try evaluator.logits(network, images)
      if batch >= 2 { times.append((stopwatch.seconds - began) * 1e3) }
      launches = backend.launchCount.map { $0 - (before ?? 0) }
    }
    let median = times.sorted()[times.count / 2]
    return PredictResults(
      device: backend.deviceDescription, architecture: "\(network.extractor.architecture)",
      batchSize: images.count, imageSize: images.size, millisecondsPerBatch: median,
      millisecondsOfBatches: times, imagesPerSecond: Double(images.count) / median * 1e3,
      launches: launches, peakMemoryBytes: ProcessMemory.peakBytes(),
      peakBufferBytes: backend.peakBufferBytes)
  }
}
