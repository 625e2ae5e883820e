import Components
public import Datasets
import Evaluation
import Foundation
public import Recipes
public import Tensors
public import Training

/// One training from recipe to results.
public enum Run {
  /// Trains, measures and, where a directory is given, writes everything into it.
  /// - Parameters:
  ///   - recipe: what is trained, and how.
  ///   - datasets: of its tasks, in their order.
  ///   - losses: terms that no recipe knows; a run that goes on needs them again.
  ///   - wanted: where everything is written; nil: nowhere.
  ///   - backend: where it computes.
  ///   - clock: what the seconds in metrics and results are taken by.
  ///   - startTime: now, in seconds since 1970; with it the directory gets a TensorBoard event
  ///     file.
  ///   - control: checkpoints and going on from them; a run that goes on ends with the bits of one
  ///     that was not interrupted.
  ///   - progress: told after every ten steps of each task.
  /// - Throws: `RunInterrupted` where it was asked to stop; `RunDirectoryTaken` where another
  ///   process works in the directory.
  public static func train(
    _ recipe: Recipe, datasets: [Dataset], losses: [any LossTerm] = [],
    directory wanted: RunDirectory?, on backend: any Backend,
    clock: some Clock<Duration> = ContinuousClock(), startTime: Double? = nil,
    control: RunControl = RunControl(),
    progress: (TrainingProgress) -> Void = { _ in }
  ) throws -> RunResults {
    let recipe = recipe.withSteps(for: datasets)
    let directory = try wanted?.claimed(log: control.log)
    defer { if wanted?.ownership == nil { directory?.release() } }
    if !control.overwrites { try directory?.requireUnfinished() }
    let trainer = try Trainer(recipe, datasets: datasets, losses: losses, on: backend)
    let evaluator = Evaluator(batchSize: recipe.batchSize, on: backend)
    let parts = trainer.networks.map {
      EvaluatedTask(
        name: $0.name, extractor: $0.extractor, head: $0.head, dataset: $0.dataset,
        heldOut: $0.heldOut, selfSupervisedHeads: trainer.selfSupervisedHeads(of: $0))
    }
    var curve: [RunResults.CurvePoint] = []
    var images = 0
    var evaluating = 0.0
    var position = TrainingPosition()
    var before = 0.0
    var lastCheckpoint: String?
    var best: BestWeights?
    if recipe.keep == .best { trainer.enableKeeping() }
    if control.resumes, let directory,
      let (checkpoint, path) = try directory.checkpoints.newest(
        limit: trainer.checkpointLimit, log: control.log)
    {
      try directory.requireSameRecipe(checkpoint.state.recipe, recipe)
      try directory.requireSamePrecision(checkpoint.state.precision, backend)
      try trainer.restore(checkpoint.tensors, path: path)
      trainer.restore(
        images: checkpoint.state.images, secondsWaiting: checkpoint.state.secondsWaiting,
        skippedImages: checkpoint.state.skippedImages)
      (position, curve) = (checkpoint.state.position, checkpoint.state.curve)
      (images, before) = (checkpoint.state.images, checkpoint.state.seconds)
      best = checkpoint.state.best
      try directory.resume(metricsBytes: checkpoint.state.metricsBytes)
      lastCheckpoint = path
      control.log("goes on after \(position.rounds(of: recipe.settings)) steps")
    } else {
      try directory?.begin(recipe)
    }
    let stopwatch = Stopwatch(clock)
    /// Of the whole training, that of earlier processes included.
    func elapsed() -> Double { before + stopwatch.seconds }
    let metrics = try directory?.metrics(
      startTime: startTime,
      resumedAt: lastCheckpoint == nil ? nil : position.rounds(of: recipe.settings))
    /// Leaves a checkpoint in the directory.
    func checkpoint(_ directory: RunDirectory, _ position: TrainingPosition) throws {
      try directory.requireOwnership()
      let rounds = position.rounds(of: recipe.settings)
      let state = Checkpoint.State(
        position: position, images: images, curve: curve, seconds: elapsed() - evaluating,
        metricsBytes: try directory.syncMetrics(), recipe: recipe.yaml,
        secondsWaiting: trainer.secondsWaitingInAll, skippedImages: trainer.skippedImages,
        best: best, precision: backend.statedPrecision)
      try directory.checkpoints.write(
        Checkpoint(state: state, tensors: try trainer.checkpointTensors(at: rounds)),
        rounds: rounds)
      lastCheckpoint = directory.checkpoints.names.first.map {
        "\(directory.checkpoints.path)/\($0)"
      }
    }
    do {
      try trainer.run(
        from: position, clock: clock,
        progress: {
          images = $0.images
          try metrics?.append($0, seconds: elapsed())
          progress($0)
        },
        evaluate: { step in
          let began = elapsed()
          curve.append(
            recipe.objective == .target
              ? try TaskEvaluation.point(step, parts, trainer.classMap, evaluator)
              : try TaskEvaluation.selfSupervisedPoint(step, parts, evaluator))
          if recipe.keep == .best {
            let accuracy = try TaskEvaluation.validationAccuracy(
              parts, trainer.classMap, evaluator)
            curve[curve.count - 1].validationAccuracy = accuracy
            BestWeights.update(&best, step: step, accuracy: accuracy, trainer)
          }
          try metrics?.append(curve[curve.count - 1], seconds: began)
          evaluating += elapsed() - began
        },
        roundEnded: { position in
          images = trainer.imagesDone
          guard let directory else { return }
          let stops = control.shouldStop()
          let isDue = control.checkpointEvery > 0 && position.round % control.checkpointEvery == 0
          if stops || (isDue && position.round < recipe.steps) {
            try checkpoint(directory, position)
          }
          if stops {
            throw RunInterrupted(path: directory.path, steps: position.rounds(of: recipe.settings))
          }
        })
    } catch var error as DivergenceError {
      error.checkpoint = lastCheckpoint
      throw error
    }
    let seconds = elapsed() - evaluating
    if recipe.keep == .best {
      BestWeights.update(
        &best, step: recipe.steps,
        accuracy: try TaskEvaluation.validationAccuracy(parts, trainer.classMap, evaluator),
        trainer)
      if let best, best.step < recipe.steps { trainer.restoreKept(of: best.step) }
    }
    try trainer.stamp()
    var results = RunResults(
      device: backend.deviceDescription, seconds: seconds,
      imagesPerSecond: seconds > 0 ? Double(images) / seconds : 0,
      secondsWaitingForImages: trainer.streams ? trainer.secondsWaitingInAll : nil,
      skippedImages: trainer.streams ? trainer.skippedImages : nil, seed: recipe.seed,
      steps: recipe.steps, methods: recipe.methods.map(\.rawValue),
      scheme: recipe.scheme.rawValue, commonClasses: trainer.classMap.common,
      tasks: [], recombinations: [], curve: curve, keptStep: best?.step)
    if recipe.objective == .target {
      try TaskEvaluation.all(parts, trainer.classMap, evaluator, into: &results)
    } else {
      results.tasks = try TaskEvaluation.selfSupervised(parts, evaluator)
    }
    try directory?.requireOwnership()
    try directory?.finish(trainer, results, on: backend)
    directory?.checkpoints.remove()
    return results
  }

  /// Loads the components of a finished run from their files and measures them again.
  public static func evaluate(
    _ directory: RunDirectory, on backend: any Backend,
    datasets load: (Recipe) throws -> [Dataset] = { try $0.loadDatasets() }
  ) throws -> RunResults {
    let (recipe, recorded) = try directory.read()
    guard recipe.objective == .target else {
      throw RecipeError(
        "\(directory.path) holds a self-supervised training: it has no heads for classes to measure"
      )
    }
    let datasets = try load(recipe)
    let classMap = try recipe.classMap(datasets)
    let evaluator = Evaluator(batchSize: recipe.batchSize, on: backend)
    let parts = try recipe.tasks.indices.map { index in
      let task = recipe.tasks[index]
      let dataset = datasets[index]
      let heldOut =
        recipe.validation > 0
        ? dataset.train.split(
          fraction: recipe.validation, seed: recipe.seed, stream: UInt32(index)
        ).heldOut
        : dataset.train.subset([])
      let part = EvaluatedTask(
        name: task.name,
        extractor: try ComponentFile.loadExtractor(directory.extractor(task.name), on: backend),
        head: try ComponentFile.loadHead(directory.head(task.name), on: backend),
        dataset: dataset, heldOut: heldOut,
        selfSupervisedHeads: try directory.selfSupervisedHeads(task.name, recipe, on: backend))
      try directory.checkFit(
        part, recipe, classNames: classMap.names[index],
        digest: recorded.tasks.first { $0.name == task.name }?.dataDigest)
      return part
    }
    var results = recorded
    results.device = backend.deviceDescription
    results.commonClasses = classMap.common
    try TaskEvaluation.all(parts, classMap, evaluator, into: &results)
    return results
  }
}
