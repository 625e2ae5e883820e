import Datasets
public import Networks
import Recipes
public import Tensors
public import Training

/// What a training step costs.
public struct StepResults: Codable, Sendable {
  public let device: String
  /// For example `resnet-56`.
  public let architecture: String
  public let methods: [String]
  /// Tasks of a step, one minibatch each.
  public let tasks: Int
  /// Images of a minibatch.
  public let batchSize: Int
  public let imageSize: Int
  /// Median.
  public let millisecondsPerStep: Double
  public let millisecondsOfSteps: [Double]
  /// Images of all minibatches, rotated copies not counted.
  public let imagesPerSecond: Double
  /// Of a step: until everything is enqueued. Median.
  public let hostMilliseconds: Double
  /// Making the networks and the first step, kernels built on the way.
  public let firstStepMilliseconds: Double
  /// Kernels of a step; nil where the backend launches none.
  public let launches: Int?
  /// Resident memory of the process at its most.
  public let peakMemoryBytes: Int?
  /// Device buffers at their most.
  public let peakBufferBytes: Int?
  /// What they held when most were in use.
  public let buffersAtPeak: [BufferShare]
  /// What the backward pass made again.
  public let recompute: Recomputed

  /// As version 0.1 wrote them.
  private enum CodingKeys: String, CodingKey {
    case device, architecture, methods, tasks
    case batchSize = "batch"
    case imageSize, millisecondsPerStep
    case millisecondsOfSteps, imagesPerSecond, hostMilliseconds, firstStepMilliseconds, launches
    case peakMemoryBytes, peakBufferBytes, buffersAtPeak, recompute
  }
}

/// Times training steps as `Trainer` makes them: gather and augment, forward, losses, backward,
/// update. With methods two tasks are trained, one minibatch each, else one network alone.
public struct StepBench {
  private let trainer: Trainer
  private let backend: any InstrumentedBackend
  private let stopwatch: Stopwatch
  private static let classes = 10

  /// Images are random bytes, the two tasks have all but one class in common.
  /// - Parameters:
  ///   - architecture: of each network.
  ///   - methods: those of a joint step; none: a step of one task.
  ///   - batchSize: images of a minibatch.
  ///   - imageSize: height and width, pixels.
  ///   - recompute: what the backward pass makes again.
  ///   - backend: what is measured.
  ///   - stopwatch: what steps are timed by; the first from its start on.
  /// - Throws: `RecipeError` where the architecture or the sizes cannot be.
  public init(
    _ architecture: Architecture, methods: [CompatibilityMethod], batchSize: Int, imageSize: Int,
    recompute: Recomputed = .none, on backend: any InstrumentedBackend,
    stopwatch: Stopwatch = Stopwatch()
  ) throws {
    self.stopwatch = stopwatch
    let names = methods.isEmpty ? ["one"] : ["one", "two"]
    var recipe = Recipe(tasks: names.map { TaskRecipe(name: $0, dataset: .syntheticInk) })
    recipe.architecture = architecture
    recipe.imageSize = imageSize
    recipe.methods = methods
    recipe.batchSize = batchSize
    recipe.recompute = recompute
    let datasets = names.indices.map {
      Self.dataset(names[$0], $0, images: batchSize, size: imageSize)
    }
    trainer = try Trainer(recipe, datasets: datasets, on: backend)
    self.backend = backend
  }

  private static func dataset(_ name: String, _ index: Int, images: Int, size: Int) -> Dataset {
    var random = RandomStream(seed: 0, .diagnostics, stream: UInt32(index))
    let set = ImageSet(
      bytes: (0..<images * size * size * 3).map { _ in UInt8(random.below(256)) },
      labels: (0..<images).map { _ in Int32(random.below(classes)) }, size: size)
    let own = ["only in \(name)"] + (1..<classes).map { "class \($0)" }
    return Dataset(name: name, classNames: own, train: set, test: set.subset([0]))
  }

  /// - Parameters:
  ///   - repeats: steps that count.
  ///   - warmUp: called after each of two steps that do not count, with their seconds.
  ///   - beforeStep: called before each step, outside its time.
  public func run(
    repeats: Int, warmUp: (Double) -> Void = { _ in }, beforeStep: () throws -> Void = {}
  ) throws -> StepResults {
    precondition(repeats >= 1, "StepBench: \(repeats) repeats")
    var times: [Double] = []
    var hostTimes: [Double] = []
    var launches: Int?
    var first = 0.0
    for step in 0..<repeats + 2 {
      try beforeStep()
      let before = backend.launchCount
      let began = stopwatch.seconds
      for network in trainer.networks { try trainer.step(network, step: step, learningRate: 0.01) }
      let enqueued = stopwatch.seconds
      try backend.synchronize()
      let ended = stopwatch.seconds
      launches = backend.launchCount.map { $0 - (before ?? 0) }
      if step == 0 { first = ended }
      if step < 2 {
        warmUp(ended - began)
      } else {
        times.append((ended - began) * 1e3)
        hostTimes.append((enqueued - began) * 1e3)
      }
    }
    let settings = trainer.settings
    let median = times.sorted()[times.count / 2]
    return StepResults(
      device: backend.deviceDescription, architecture: "\(settings.architecture)",
      methods: settings.methods.map(\.rawValue), tasks: trainer.networks.count,
      batchSize: settings.batchSize,
      imageSize: settings.imageSize, millisecondsPerStep: median, millisecondsOfSteps: times,
      imagesPerSecond: Double(settings.batchSize * trainer.networks.count) / median * 1e3,
      hostMilliseconds: hostTimes.sorted()[hostTimes.count / 2],
      firstStepMilliseconds: first * 1e3, launches: launches,
      peakMemoryBytes: ProcessMemory.peakBytes(), peakBufferBytes: backend.peakBufferBytes,
      buffersAtPeak: backend.buffersAtPeak, recompute: settings.recompute)
  }
}
