import Datasets
import Networks
import Recipes
import Runs
public import Tensors
import Training

/// What a grid has still to train, and how long that takes by steps that were timed.
public struct GridPlan: Codable, Sendable {
  /// One training at one seed.
  public struct Item: Codable, Sendable {
    /// The training's name: `IIW+RP+DCC`.
    public let training: String
    /// The run's seed.
    public let seed: UInt64
    /// For example `resnet-20`.
    public let network: String
    /// Where the run is, or will be.
    public let directory: String
    /// Minibatches of each task, and how many of them are done.
    public let steps: Int, stepsDone: Int
    /// Time of a minibatch of every task; nil of what has finished.
    public let secondsPerStep: Double?
    /// Still to come, of training alone: measuring and reading data are not counted.
    public let secondsLeft: Double
    /// That a finished one took.
    public let secondsTaken: Double?
  }

  /// In the order of running.
  public let items: [Item]
  /// Of all trainings, one after the other.
  public var secondsLeft: Double { items.reduce(0) { $0 + $1.secondsLeft } }
}

extension Grid {
  /// Each kind of step is timed once: two that do not count, and the median of five.
  /// - Parameters:
  ///   - jobs: the trainings, in order.
  ///   - datasets: those of the grid's roles.
  ///   - backend: where it computes.
  ///   - clock: what steps are timed by.
  public func plan(
    _ jobs: [Job], _ datasets: Datasets, on backend: any Backend,
    clock: some Clock<Duration> = ContinuousClock()
  ) throws -> GridPlan {
    var known: [String: Double] = [:]
    return GridPlan(
      items: try jobs.map { job in
        let networks = Set(job.recipe.tasks.map { "\(job.recipe.extractorArchitecture(of: $0))" })
          .sorted()
        let directory = RunDirectory(job.directory)
        // Of incremental training one task comes after the other.
        let rounds = job.recipe.steps * (job.recipe.scheme == .joint ? 1 : job.recipe.tasks.count)
        func item(
          _ done: Int, _ step: Double?, left: Double, taken: Double? = nil
        ) -> GridPlan.Item {
          GridPlan.Item(
            training: job.name, seed: job.recipe.seed,
            network: networks.joined(separator: ", "), directory: job.directory,
            steps: job.recipe.steps, stepsDone: done, secondsPerStep: step, secondsLeft: left,
            secondsTaken: taken)
        }
        if state(job) == .finished {
          let seconds = try directory.read().results.seconds
          return item(job.recipe.steps, nil, left: 0, taken: seconds)
        }
        let recipe = job.recipe.forTiming
        let step =
          try known[recipe.yaml] ?? secondsPerStep(recipe, job, datasets, on: backend, clock)
        known[recipe.yaml] = step
        let done = directory.stepsAtCheckpoint.map { Double($0) / Double(max(rounds, 1)) } ?? 0
        return item(
          Int(done * Double(job.recipe.steps)), step,
          left: step * Double(job.recipe.steps) * (1 - done))
      })
  }

  private func secondsPerStep(
    _ recipe: Recipe, _ job: Job, _ datasets: Datasets, on backend: any Backend,
    _ clock: some Clock<Duration>
  ) throws -> Double {
    let data = try zip(job.roles, job.recipe.tasks).map { role, task in
      try task.choosingClasses(of: datasets[source(of: role)]!).forTiming(recipe.batchSize)
    }
    let trainer = try Trainer(recipe, datasets: data, on: backend)
    var times: [Double] = []
    for step in 0..<7 {
      let stopwatch = Stopwatch(clock)
      for network in trainer.networks { try trainer.step(network, step: step, learningRate: 0) }
      try backend.synchronize()
      times.append(stopwatch.seconds)
    }
    return times.dropFirst(2).sorted()[2]
  }
}

extension Recipe {
  /// What a step costs does not depend on the rest: where the weights come from, how many steps
  /// there are.
  fileprivate var forTiming: Recipe {
    var recipe = self
    (recipe.seed, recipe.steps) = (0, 7)
    (recipe.initialWeights, recipe.auxiliaryHeads) = (nil, [])
    (recipe.evaluateEvery, recipe.evaluateAt, recipe.validation) = (0, [], 0)
    (recipe.schedule, recipe.learningRate) = (.constant, 0)
    // A step by a network's own predictions costs what one by labels does.
    if recipe.objective.followsPredictions { recipe.objective = .target }
    for index in recipe.tasks.indices {
      recipe.tasks[index].initialWeights = nil
      recipe.tasks[index].extractor = nil
      recipe.tasks[index].head = nil
      recipe.tasks[index].oldHead = nil
      recipe.tasks[index].corruption = nil
    }
    return recipe
  }
}

extension Dataset {
  /// As many images as a few steps look at; streamed ones as they are.
  fileprivate func forTiming(_ batchSize: Int) -> Dataset {
    guard stream == nil else { return self }
    return Dataset(
      name: name, classNames: classNames,
      train: train.subset(Array(0..<min(train.count, 8 * batchSize))), test: test, notes: notes,
      merged: merged)
  }
}
