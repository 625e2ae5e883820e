import Components
public import Datasets
import Files
import Foundation
import Networks
public import Recipes
public import Runs
public import Tensors
public import Training

/// The runs of some experiments: every (training, seed) has a directory of its own under `runs/`,
/// is run once however many experiments want it, and is not run again where it has finished. One
/// that was broken off goes on from its last checkpoint.
public struct Grid {
  /// What is reported, at the scale.
  public let experiments: [Experiment]
  /// Sizes and lengths of the trainings.
  public let scale: Scale
  /// How many; they count from 0.
  public let seeds: Int
  /// Data by role.
  public let sources: [DataSource]
  /// A source's name of a class to the common one, where it has the class.
  public let synonyms: [String: String]
  /// Where `runs/` and the report stand.
  public let output: String
  /// Names of the trainings that are run, with what they need; nil: all. The others' rows hold what
  /// has finished before.
  public let chosen: [String]?
  /// What is other than at the scale.
  public let changes: GridChanges

  /// - Parameters:
  ///   - experiments: what is to be reported.
  ///   - scale: sizes and lengths of the trainings.
  ///   - seeds: how many; they count from 0.
  ///   - sources: one a role; what is left out is synthetic at the smoke scale.
  ///   - synonyms: a data set's name of a class: the common one.
  ///   - output: the folder of runs and report.
  ///   - chosen: names of trainings; nil: all.
  ///   - changes: what is other than at the scale; of experiments `isForAnyPair` alone.
  /// - Throws: `MissingDataError` where a role that an experiment cannot do without has no data;
  ///   `RecipeError` for a training that there is not, and for an experiment whose networks or
  ///   data cannot be others.
  public init(
    _ experiments: [Experiment], scale: Scale, seeds: Int, sources: [DataSource],
    synonyms: [String: String] = [:], output: String, chosen: [String]? = nil,
    changes: GridChanges = GridChanges()
  ) throws {
    let experiments = experiments.map { $0.at(scale) }
    (self.experiments, self.scale, self.seeds) = (experiments, scale, seeds)
    (self.synonyms, self.output, self.chosen) = (synonyms, output, chosen)
    self.changes = changes
    let isOwn = sources.contains { $0.name != nil }
    if isOwn || !changes.isEmpty, let fixed = experiments.first(where: { !$0.isForAnyPair }) {
      throw RecipeError(
        "\(fixed.name) has data and networks of its own; others can be had in "
          + Experiment.all.filter(\.isForAnyPair).map(\.name).joined(separator: ", "))
    }
    let known = Set(experiments.flatMap(\.trainings).map(\.name))
    if let stranger = chosen?.first(where: { !known.contains($0) }) {
      throw RecipeError(
        "there is no training “\(stranger)” in these experiments: there are "
          + known.sorted().map { "“\($0)”" }.joined(separator: ", "))
    }
    let roles = Set(experiments.flatMap(\.roles))
    let needed = Set(experiments.flatMap { $0.roles.subtracting($0.optionalRoles) })
    self.sources = try DataRole.allCases.filter(roles.contains).compactMap { role in
      if let given = sources.first(where: { $0.role == role }) { return given }
      if scale == .smoke && !isOwn {
        return DataSource(role: role, kind: role.synthetic, path: nil)
      }
      guard needed.contains(role) else { return nil }
      throw MissingDataError(role: role)
    }
  }

  /// One training with one seed.
  public struct Job: Sendable {
    /// The training's name: `IIW+RP+DCC`.
    public let name: String
    /// What is trained, with the seed.
    public let recipe: Recipe
    /// Where the run is, or will be.
    public let directory: String
    let roles: [DataRole]
    /// Directories of the jobs that come before it.
    public let needs: [String]
  }

  /// Those that are chosen, seed by seed, each once and after those that it needs.
  public func jobs(_ datasets: Datasets) throws -> [Job] {
    try jobs(trainings.filter { chosen?.contains($0.name) ?? true }, datasets)
  }

  /// Of all experiments, chosen or not.
  var trainings: [PlannedTraining] { experiments.flatMap(\.trainings) }

  func jobs(_ trainings: [PlannedTraining], _ datasets: Datasets) throws -> [Job] {
    var seen: Set<String> = []
    return try (0..<seeds).flatMap { seed in
      try trainings.flatMap(\.withNeeds).filter(hasData).compactMap {
        let job = try job($0, seed: UInt64(seed), datasets)
        return seen.insert(job.directory).inserted ? job : nil
      }
    }
  }

  /// The `index`-th of `count` parts of the jobs; what builds on one another stays together.
  public static func part(_ jobs: [Job], index: Int, of count: Int) -> [Job] {
    zip(jobs, chains(jobs)).filter { $1 % count == index }.map(\.0)
  }

  /// How many parts of the jobs can be made that build on nothing in one another.
  public static func partCount(_ jobs: [Job]) -> Int { (chains(jobs).max() ?? -1) + 1 }

  /// Of each job a number, the same for what builds on one another; they count from 0.
  private static func chains(_ jobs: [Job]) -> [Int] {
    var chain: [String: Int] = [:]
    for (position, job) in jobs.enumerated() {
      let joined = Set(job.needs.compactMap { chain[$0] })
      let own = joined.min() ?? position
      for (directory, other) in chain where joined.contains(other) { chain[directory] = own }
      chain[job.directory] = own
    }
    let sorted = Set(chain.values).sorted()
    return jobs.map { sorted.firstIndex(of: chain[$0.directory]!)! }
  }

  /// Whether all its sets are at hand.
  func hasData(_ training: PlannedTraining) -> Bool {
    Set(training.allRoles).isSubset(of: sources.map(\.role))
  }

  func job(_ training: PlannedTraining, seed: UInt64, _ datasets: Datasets) throws -> Job {
    var names: [String] = []
    let tasks = training.roles.map { role in
      var task = task(role, datasets)
      if names.contains(task.name) { task.name += "-again" }
      names.append(task.name)
      return task
    }
    var recipe = Recipe(tasks: tasks)
    // Where image size and network are the scale's, recipes are what they were, to the letter.
    if let size = changes.imageSize { recipe.imageSize = size }
    recipe.architecture = changes.architecture ?? scale.analyzed
    // The scale's rate is for its own network.
    if changes.architecture == nil { recipe.learningRate = scale.learningRate }
    recipe.steps = changes.steps ?? scale.steps
    recipe.batchSize = changes.batchSize ?? scale.batchSize
    recipe.seed = seed
    // Of one's own data nobody knows beforehand how accuracy comes about.
    if isOwn { recipe.evaluateEvery = max(1, recipe.steps / 10) }
    var before: [String: Job] = [:]
    for need in training.needs { before[need.name] = try job(need, seed: seed, datasets) }
    training.change(
      &recipe,
      PlannedTraining.Setting(
        scale: scale, directory: { RunDirectory(before[$0.name]!.directory) },
        tasks: { before[$0.name]!.recipe.tasks.map(\.name) },
        images: { datasets[source(of: $0)]!.trainCount },
        classNames: { datasets[source(of: $0)]!.classNames }))
    // Said only where it says something: other trainings are the same at every scale.
    if recipe.isSelfSupervised { recipe.rotations = scale.rotations }
    try recipe.validate()
    // The name is for people, the digest tells recipes apart; the same on every machine with the
    // data in the same place, wherever the output is.
    let words = training.name.lowercased().split { !$0.isLetter && !$0.isNumber }
    let text = recipe.yaml.replacingOccurrences(of: "\(output)/", with: "")
    let digest = Digest.hex(Array(text.utf8)).prefix(8)
    return Job(
      name: training.name, recipe: recipe,
      directory: "\(output)/runs/\(words.joined(separator: "-"))-\(seed)-\(digest)",
      roles: training.roles, needs: before.values.map(\.directory))
  }

  func task(_ role: DataRole, _ datasets: Datasets) -> TaskRecipe {
    let source = source(of: role)
    let classes = Set(datasets[source]?.classNames.map { $0.lowercased() } ?? [])
    return TaskRecipe(
      name: source.taskName, dataset: source.kind, path: source.path,
      synonyms: synonyms.filter { classes.contains($0.key.lowercased()) }, test: source.test)
  }

  /// Whether the data are the user's own, which the paper knows nothing of.
  var isOwn: Bool { sources.contains { $0.name != nil } }

  func source(of role: DataRole) -> DataSource { sources.first { $0.role == role }! }

  // MARK: Data

  /// The data sets of the sources, read once.
  public typealias Datasets = [DataSource: Dataset]

  /// Reads those of all sources.
  /// - Parameter imageSize: height and width; nil: the changes', else 32.
  public func loadDatasets(imageSize: Int? = nil) throws -> Datasets {
    let imageSize = imageSize ?? changes.imageSize ?? 32
    var all: Datasets = [:]
    for source in sources {
      all[source] = try Dataset.load(
        source.kind, path: source.path, imageSize: imageSize, test: source.test)
    }
    return all
  }

  // MARK: Running

  /// Whether a job still has to be run.
  public enum State: Sendable { case finished, toDo }

  /// Finished where its directory holds the results of an equal recipe.
  public func state(_ job: Job) -> State {
    guard let (recipe, _) = try? RunDirectory(job.directory).read(), recipe == job.recipe else {
      return .toDo
    }
    return .finished
  }

  /// Runs one job, and measures its features where an experiment asks for them.
  /// - Parameters:
  ///   - job: a training at a seed.
  ///   - datasets: those of the grid's roles.
  ///   - backend: where it computes.
  ///   - clock: what seconds are taken by.
  ///   - startTime: now, in seconds since 1970.
  ///   - control: checkpoints, and going on from them.
  ///   - prepare: called with recipe and data before the training begins or goes on.
  ///   - progress: told after every ten steps of each task.
  public func run(
    _ job: Job, _ datasets: Datasets, on backend: any Backend,
    clock: some Clock<Duration> = ContinuousClock(), startTime: Double?,
    control: RunControl = RunControl(),
    prepare: (Recipe, [Dataset]) -> Void = { _, _ in }, progress: (TrainingProgress) -> Void
  ) throws {
    let data = try zip(job.roles, job.recipe.tasks).map { role, task in
      try task.choosingClasses(of: datasets[source(of: role)]!)
    }
    let directory = try RunDirectory(job.directory).claimed(
      waitsUnless: control.shouldStop, log: control.log)
    defer { directory.release() }
    // Another process may have had it until now.
    if state(job) == .finished { return }
    // What was broken off goes on from its last checkpoint; without one it starts anew.
    var control = control
    control.resumes = directory.isInterrupted
    control.overwrites = true
    prepare(job.recipe, data)
    _ = try Run.train(
      job.recipe, datasets: data, directory: directory, on: backend,
      clock: clock, startTime: startTime, control: control, progress: progress)
  }
}
