import Autograd
public import Components
public import Datasets
import Networks
import Tensors

/// One task in training: its network, its images on the device, its class names.
public final class TaskNetwork {
  public let name: String
  /// Position among the tasks.
  public let index: Int
  public let extractor: FeatureExtractor
  public let head: TaskHead
  /// Only with `own-rotation-head`.
  public let ownRotationHead: AuxiliaryHead?
  public let dataset: Dataset
  public let heldOut: ImageSet
  let train: ImageSet
  /// All training images, or of streamed ones those of the last minibatch that was taken.
  private var store: ImageStore?
  private var sampler: BatchSampler
  /// Where the training images are streamed.
  let decoder: MinibatchDecoder?

  /// - Parameters:
  ///   - given: what it goes on from; all else is freshly drawn.
  ///   - shared: the target head of all tasks, where there is one.
  init(
    _ settings: TrainingSettings, _ task: TrainingTask, index: Int, classNames: [String],
    classCounts: [Int], given: GivenComponents, augmentation: [any AugmentationStep],
    sharing shared: TaskHead?, on backend: any Backend
  ) throws {
    let dataset = task.dataset
    let identical = settings.uses(.identicalInitialWeights)
    let ownSeed = Self.derived(settings.seed, index)
    let seed = identical ? settings.seed : ownSeed
    // Identical weights: the last layer too for tasks with as many classes (rows copied by
    // position); those that differ from all tasks before them draw their own.
    let alike = classCounts.firstIndex(of: classCounts[index])!
    if dataset.stream != nil && settings.validation > 0 {
      throw SettingsError(
        "task \(task.name): validation: images that are streamed cannot be held out; raise "
          + "image-memory")
    }
    (train, heldOut) =
      settings.validation > 0
      ? dataset.train.split(
        fraction: settings.validation, seed: settings.seed, stream: UInt32(index))
      : (dataset.train, dataset.train.subset([]))
    name = task.name
    self.index = index
    self.dataset = dataset
    let architecture = task.architecture ?? settings.architecture
    extractor =
      given.extractor
      ?? FeatureExtractor(
        architecture: architecture,
        preprocessing: Preprocessing(
          imageSize: settings.imageSize,
          normalization: task.initialWeights?.normalization ?? dataset.stream?.normalization
            ?? train.normalization,
          framing: settings.framing),
        layers: architecture.makeExtractor(on: backend, seed: seed))
    func freshHead() -> Sequential {
      settings.architecture.makeHead(
        classes: classNames.count, on: backend, seed: seed,
        linearSeed: identical ? Self.derived(settings.seed, alike) : seed)
    }
    head =
      try shared ?? (settings.objective.followsPredictions ? given.head : nil)
      ?? given.head(for: classNames, of: task, fresh: freshHead, on: backend)
      ?? TaskHead(
        architecture: settings.architecture, classNames: classNames, layers: freshHead())
    ownRotationHead =
      settings.ownRotationHead
      ? Self.head(
        for: RotationTask(), settings, seed: Self.derived(settings.seed, 2000 + index), on: backend)
      : nil
    let sampler = BatchSampler(
      count: dataset.stream?.count ?? train.count, batchSize: settings.batchSize,
      imageSize: settings.imageSize,
      augmentation: augmentation, seed: settings.seed, task: index)
    self.sampler = sampler
    decoder = dataset.stream.map { stream in
      // Its own, which holds the order of the epoch that is decoded.
      var ahead = sampler
      return MinibatchDecoder(stream, batchSize: settings.batchSize, steps: settings.steps) {
        step in
        ahead.transforms(step: step).map { Int($0.index) }
      }
    }
    if decoder == nil {
      store = backend.makeImageStore(
        bytes: train.bytes, count: train.count, height: settings.imageSize,
        width: settings.imageSize)
    }
  }

  /// A fresh head, of the target head's shape unless the settings say otherwise.
  static func head(
    for task: any AuxiliaryTask, _ settings: TrainingSettings, seed: UInt64, on backend: any Backend
  ) -> AuxiliaryHead {
    let architecture = settings.selfSupervisedHead ?? settings.architecture
    return AuxiliaryHead(
      kind: task.kind,
      head: TaskHead(
        architecture: architecture, classNames: task.labelNames,
        layers: architecture.makeHead(
          classes: task.labelNames.count, on: backend, seed: seed)))
  }

  /// What minibatch `step` takes, and its labels; the images are at hand then.
  /// - Throws: `DatasetError` for a damaged image of a stream.
  func minibatch(
    _ step: Int, on backend: any Backend
  ) throws -> (transforms: [ImageTransform], labels: [Int32]) {
    var transforms = sampler.transforms(step: step)
    guard let decoder else {
      return (transforms, transforms.map { train.labels[Int($0.index)] })
    }
    let minibatch = try decoder.minibatch(step)
    let size = extractor.preprocessing.imageSize
    store = backend.makeImageStore(
      bytes: minibatch.bytes, count: transforms.count, height: size, width: size)
    for position in transforms.indices { transforms[position].index = Int32(position) }
    return (transforms, minibatch.labels)
  }

  /// A view of a minibatch as the extractor takes it: `[N, size, size, 3]`.
  func images(
    _ images: ViewedImages, _ minibatch: Minibatch, on backend: any Backend
  ) -> Variable {
    guard let store else { preconditionFailure("images before any minibatch of \(name)") }
    let x = backend.makeTensor([images.transforms.count, store.height, store.width, 3])
    let normalization = extractor.preprocessing.normalization
    backend.gatherImages(
      store, transforms: images.transforms, mean: normalization.mean, std: normalization.std,
      into: x)
    sampler.finish(x, positions: images.positions, step: minibatch.step, on: backend)
    return Variable(x)
  }

  /// A seed of its own for each network and head; the first task's is the recipe's.
  static func derived(_ seed: UInt64, _ index: Int) -> UInt64 {
    seed &+ UInt64(index) &* 0x9E37_79B9_7F4A_7C15
  }
}
