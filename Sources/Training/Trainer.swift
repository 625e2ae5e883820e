import Autograd
public import Components
public import Datasets
import Networks
public import Tensors

/// How far a training is.
public struct TrainingProgress: Sendable {
  /// Minibatches of all tasks done, and in all.
  public let minibatch: Int
  public let total: Int
  public let images: Int
  public let learningRate: Float
  /// By task: mean loss per image of its last minibatch: the target's and the auxiliary heads'.
  public let losses: [TaskLosses]
}

public struct TaskLosses: Codable, Sendable {
  public let task: String
  public let target: Float
  /// By kind of the auxiliary head: `rotation`, `jigsaw`, `common-classes`.
  public var auxiliary: [String: Float] = [:]
}

/// A loss that is no number.
public struct DivergenceError: Error, CustomStringConvertible, Sendable {
  public let task: String
  /// Which of this task's minibatches, counted from 0.
  public let step: Int

  public var description: String {
    "the loss of task \(task) is not finite at or shortly before its step \(step); "
      + "lower learning-rate or lengthen warmup"
  }
}

/// Trains any number of networks to be compatible, as the recipe says.
///
/// Per minibatch of task t (Eqs. 1 and 2 of the paper), with B images:
///
///     ℓ = CE(h(f(x; Φt); Θt), y)                                  target
///       + Σ_{y ∈ C} CE(h(f(x; Φt); Θc), y) / B                    common-classes
///       + 1/4 Σ_r CE(h(f(rot_r(x); Φt); Θs), r)                   rotation-prediction
///
/// The rotated images are a pass of their own with its own batch statistics. Only what took part in
/// a minibatch and is not frozen is updated.
public final class Trainer {
  public let recipe: Recipe
  public let classMap: ClassMap
  public let networks: [TaskNetwork]
  /// One for each self-supervised method, shared by all tasks.
  public let selfSupervisedHeads: [AuxiliaryHead]
  public let commonClassesHead: AuxiliaryHead?
  /// Of each network: what stands for the weights that it started from (`stamp()`).
  let initialAnchors: [Anchor?]
  let backend: any Backend
  private let optimiser: SGD
  private var imagesDone = 0
  private var recent: [LossTensors]

  /// - Throws: `RecipeError` where data sets and recipe do not fit.
  public init(_ recipe: Recipe, datasets: [Dataset], on backend: any Backend) throws {
    precondition(datasets.count == recipe.tasks.count, "one data set a task")
    try recipe.validate()
    self.recipe = recipe
    self.backend = backend
    let classMap = try recipe.classMap(datasets)
    self.classMap = classMap
    if recipe.uses(.commonClasses) && classMap.common.count < 2 {
      throw RecipeError(
        "methods: common-classes needs at least two classes that tasks share, found "
          + "\(classMap.common.count); check synonyms")
    }
    for (task, dataset) in zip(recipe.tasks, datasets) {
      guard dataset.train.count > 0, dataset.test.count > 0 else {
        throw RecipeError("task \(task.name): its data set has no training or no test images")
      }
      guard dataset.train.size == recipe.imageSize, dataset.test.size == recipe.imageSize else {
        throw RecipeError(
          "task \(task.name): expected images of image-size \(recipe.imageSize), got "
            + "\(dataset.train.size) and \(dataset.test.size)")
      }
    }
    networks = datasets.indices.map {
      TaskNetwork(
        recipe, index: $0, dataset: datasets[$0], classNames: classMap.names[$0],
        classCounts: datasets.map(\.classNames.count), on: backend)
    }
    selfSupervisedHeads = CompatibilityMethod.allCases.enumerated().compactMap { index, method in
      guard recipe.uses(method), let task = method.auxiliaryTask else { return nil }
      // The rotation head's seed is 1000 from the recipe's; 1001 is the common classes'.
      let offset = task.kind == .rotation ? 1000 : 1010 + index
      return TaskNetwork.head(
        for: task, recipe, seed: TaskNetwork.derived(recipe.seed, offset), on: backend)
    }
    let seen = Self.commonClasses(classMap, recipe)
    commonClassesHead =
      recipe.uses(.commonClasses)
      ? AuxiliaryHead(
        kind: .commonClasses,
        head: TaskHead(
          architecture: recipe.architecture, classNames: seen,
          layers: recipe.architecture.makeHead(
            classes: seen.count, on: backend,
            seed: TaskNetwork.derived(recipe.seed, 1001)))) : nil
    try InitialWeights.load(
      recipe, into: networks, selfSupervised: selfSupervisedHeads, on: backend)
    initialAnchors = try Self.initialAnchors(networks, recipe, on: backend)
    optimiser = SGD(momentum: Float(recipe.momentum), weightDecay: Float(recipe.weightDecay))
    recent = networks.map { _ in LossTensors() }
    for network in networks where network.train.count == 0 {
      throw RecipeError(
        "validation: \(recipe.validation) of the \(network.dataset.train.count) training images of "
          + "task \(network.name) leaves none to train on")
    }
  }

  /// All that tasks share.
  public var auxiliaryHeads: [AuxiliaryHead] {
    selfSupervisedHeads + (commonClassesHead.map { [$0] } ?? [])
  }

  /// The common classes that the shared head discriminates: all of them, or as many as the recipe
  /// says, drawn from its seed.
  private static func commonClasses(_ classMap: ClassMap, _ recipe: Recipe) -> [String] {
    let wanted = recipe.commonClassesUsed
    guard wanted > 0, wanted < classMap.common.count else { return classMap.common }
    var random = RandomStream(seed: recipe.seed, .commonClasses)
    return random.permutation(classMap.common.count).prefix(wanted).sorted().map {
      classMap.common[$0]
    }
  }

  /// Trains to the end. `progress` is called every 10 steps of each task, and then losses are read
  /// back; `measure` after every `evaluate-every` steps of each task.
  public func run(
    progress: (TrainingProgress) throws -> Void = { _ in },
    measure: (_ step: Int) throws -> Void = { _ in }
  ) throws {
    switch recipe.scheme {
    case .joint: try train(networks, progress, measure)
    case .incremental:
      for network in networks {
        try train([network], progress, measure)
        // After the first task the auxiliary heads stand as they are.
        for head in auxiliaryHeads { head.isFrozen = true }
      }
    }
    try backend.synchronize()
  }

  private func train(
    _ group: [TaskNetwork], _ progress: (TrainingProgress) throws -> Void,
    _ measure: (Int) throws -> Void
  ) throws {
    let rate = LearningRate(recipe: recipe, total: recipe.steps * group.count)
    for step in 0..<recipe.steps {
      for (turn, network) in group.enumerated() {
        let minibatch = step * group.count + turn
        self.step(network, step: step, learningRate: rate.at(minibatch))
      }
      if (step + 1) % 10 == 0 || step + 1 == recipe.steps {
        let before = recipe.scheme == .incremental ? group[0].index * recipe.steps : 0
        try progress(
          TrainingProgress(
            minibatch: before + (step + 1) * group.count,
            total: recipe.steps * networks.count, images: imagesDone,
            learningRate: rate.at(step * group.count),
            losses: try group.map { try readLosses($0, step: step) }))
      }
      if recipe.evaluateEvery > 0 && (step + 1) % recipe.evaluateEvery == 0
        && step + 1 < recipe.steps && recipe.scheme == .joint
      {
        try measure(step + 1)
      }
    }
  }

  /// One minibatch of one task.
  /// - Parameter step: how many minibatches of this task came before; tells which images it takes.
  package func step(_ network: TaskNetwork, step: Int, learningRate: Float) {
    let transforms = network.sampler.transforms(step: step)
    let labels = transforms.map { network.train.labels[Int($0.index)] }
    let batch = Float(transforms.count)
    var losses = LossTensors()
    var trained = network.extractor.layers.parameters + network.head.layers.parameters

    let tape = Tape(on: backend)
    let context = ForwardContext(tape: tape, statistics: .batch(updateRunning: true))
    let features = network.extractor(network.images(transforms, on: backend), context)
    let target = tape.softmaxCrossEntropy(
      network.head(features, context), backend.makeLabels(labels), divisor: batch)
    losses.target = target.value
    var all = [target]
    if let common = commonClassesHead {
      let indices = classMap.indices(of: network.index, in: common.head.classNames)
      let loss = tape.softmaxCrossEntropy(
        common.head(features, context),
        backend.makeLabels(labels.map { indices[Int($0)] }), divisor: batch)
      losses.auxiliary[common.kind] = loss.value
      trained += common.head.layers.parameters
      all.append(loss)
    }
    tape.backward(from: all)

    for head in network.ownRotationHead.map({ [$0] }) ?? selfSupervisedHeads {
      losses.auxiliary[head.kind] = SelfSupervision.accumulate(
        transforms, network, head, updateRunning: false, on: backend)
      trained += head.head.layers.parameters
    }
    optimiser.step(trained, learningRate: learningRate, on: backend)
    imagesDone += transforms.count
    recent[network.index] = losses
  }

  private struct LossTensors {
    var target: Tensor?
    var auxiliary: [AuxiliaryHead.Kind: Tensor] = [:]
  }

  private func readLosses(_ network: TaskNetwork, step: Int) throws -> TaskLosses {
    let tensors = recent[network.index]
    func read(_ tensor: Tensor) throws -> Float {
      let value = try backend.download(tensor)[0]
      guard value.isFinite else {
        throw DivergenceError(task: network.name, step: step)
      }
      return value
    }
    var losses = TaskLosses(task: network.name, target: try tensors.target.map(read) ?? 0)
    for (kind, tensor) in tensors.auxiliary { losses.auxiliary[kind.rawValue] = try read(tensor) }
    return losses
  }
}

extension Recipe {
  /// Common classes of the tasks, built-in synonyms included; the recipe's own win.
  public func classMap(_ datasets: [Dataset]) throws(RecipeError) -> ClassMap {
    do {
      return try ClassMap(
        zip(tasks, datasets).map { task, dataset in
          (
            dataset.classNames,
            task.dataset.synonyms.filter { dataset.classNames.contains($0.key) }
              .merging(task.synonyms) { $1 }
          )
        })
    } catch {
      throw RecipeError("\(error)")
    }
  }

  /// Reads the data sets of all tasks.
  public func loadDatasets() throws(DatasetError) -> [Dataset] {
    var datasets: [Dataset] = []
    for task in tasks {
      datasets.append(try Dataset.load(task.dataset, path: task.path, imageSize: imageSize))
    }
    return datasets
  }
}
