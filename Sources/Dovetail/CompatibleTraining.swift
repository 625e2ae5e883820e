public import Components
public import Tensors
public import Training

/// Several networks trained to be compatible: data in, components out.
///
///     let training = CompatibleTraining(
///       tasks: [.init("cifar10", cifar), .init("tin10", tin)], methods: .all, batchSize: 64)
///     let networks = try training.train(on: .best)
///     let model = try networks["cifar10"].extractor.joined(to: networks["tin10"].head)
public struct CompatibleTraining {
  /// What is trained together, in this order.
  public var tasks: [TrainingTask]
  /// All else that the training depends on; the image size is that of the first task's images unless
  /// it is said.
  public var settings: TrainingSettings
  /// Terms beside those of the settings.
  public var losses: [any LossTerm] = []

  public init(
    tasks: [TrainingTask], methods: [CompatibilityMethod], steps: Int = 500, batchSize: Int = 128,
    seed: UInt64 = 0
  ) {
    self.tasks = tasks
    settings = TrainingSettings()
    if let first = tasks.first { settings.imageSize = first.dataset.test.size }
    (settings.methods, settings.steps) = (methods, steps)
    (settings.batchSize, settings.seed) = (batchSize, seed)
  }

  public init(tasks: [TrainingTask], settings: TrainingSettings) {
    (self.tasks, self.settings) = (tasks, settings)
  }

  /// Trains to the end.
  /// - Parameters:
  ///   - device: where to compute.
  ///   - precision: what convolutions round their factors to; `tf32` needs tensor cores.
  ///   - progress: told after every ten steps of each task.
  /// - Throws: `SettingsError` where tasks and settings do not fit; `PrecisionError` where the device has
  ///   no such products; `DivergenceError`; what the device reports.
  public func train(
    on device: Device = .best, precision: ProductPrecision = .float32,
    progress: (TrainingProgress) throws -> Void = { _ in }
  ) throws -> TrainedNetworks {
    try train(on: device.open(precision: precision), progress: progress)
  }

  /// The same on a device that is open already.
  public func train(
    on backend: any Backend, progress: (TrainingProgress) throws -> Void = { _ in }
  ) throws -> TrainedNetworks {
    let trainer = try Trainer(settings, tasks: tasks, losses: losses, on: backend)
    try trainer.run(progress: progress)
    try trainer.stamp()
    return TrainedNetworks(
      networks: try trainer.networks.map {
        TrainedNetwork(
          task: $0.name, extractor: try Component($0.extractor, on: backend),
          head: try Component($0.head, on: backend))
      },
      auxiliaryHeads: try trainer.auxiliaryHeads.map { try Component($0, on: backend) })
  }
}

/// What a training makes, with no device.
public struct TrainedNetworks: Sendable {
  /// In the order of the tasks.
  public let networks: [TrainedNetwork]
  /// The heads that the tasks shared.
  public let auxiliaryHeads: [Component]

  /// The network of a task.
  public subscript(task: String) -> TrainedNetwork {
    get throws(UnknownTaskError) {
      guard let found = networks.first(where: { $0.task == task }) else {
        throw UnknownTaskError(task: task, known: networks.map(\.task))
      }
      return found
    }
  }
}

/// One task's extractor and head.
public struct TrainedNetwork: Sendable {
  /// Its name.
  public let task: String
  /// f(·; Φ), with the preprocessing of its images.
  public let extractor: Component
  /// h(·; Θ), with the names of its classes.
  public let head: Component
}

/// A task that was not trained.
public struct UnknownTaskError: Error, CustomStringConvertible, Sendable {
  /// Its name.
  public let task: String
  /// The names of those that were.
  public let known: [String]

  public var description: String {
    "no task of the name “\(task)” was trained; there are \(known.joined(separator: ", "))"
  }
}

extension [CompatibilityMethod] {
  /// The paper's three.
  public static var all: Self { CompatibilityMethod.paper }
}
