import Components
public import Datasets
import Foundation
import Networks
public import Tensors
public import Training

/// The runs of some experiments: every (training, seed) has a directory of its own under `runs/`, is
/// run once however many experiments want it, and is not run again where it has finished. One that
/// was broken off starts anew.
public struct Grid {
  public let experiments: [Experiment]
  public let scale: Scale
  public let seeds: Int
  public let sources: [DataSource]
  /// A source's name of a class to the common one, where it has the class.
  public let synonyms: [String: String]
  /// Where `runs/` and the report stand.
  public let output: String

  /// - Parameter sources: one a role; what is left out is made up at the smoke scale.
  /// - Throws: `RecipeError` where a role has no data.
  public init(
    _ experiments: [Experiment], scale: Scale, seeds: Int, sources: [DataSource],
    synonyms: [String: String] = [:], output: String
  ) throws {
    (self.experiments, self.scale, self.seeds) = (experiments, scale, seeds)
    (self.synonyms, self.output) = (synonyms, output)
    let roles = Set(experiments.flatMap(\.roles))
    self.sources = try DataRole.allCases.filter(roles.contains).map { role in
      if let given = sources.first(where: { $0.role == role }) { return given }
      guard scale == .smoke else {
        throw RecipeError(
          "no data for \(role.rawValue): give --data \(role.rawValue)=KIND:PATH, for example "
            + "--data \(role.rawValue)=\(role.original.rawValue):data/\(role.rawValue), or "
            + "--data \(role.rawValue)=folder:PATH for what stands in for \(role.title)")
      }
      return DataSource(role: role, kind: role.madeUp, path: nil)
    }
  }

  /// One training with one seed.
  public struct Job: Sendable {
    public let name: String
    public let recipe: Recipe
    public let directory: String
    let roles: [DataRole]
  }

  /// All of them, seed by seed, each once.
  public func jobs(_ datasets: Datasets) throws -> [Job] {
    var seen: Set<String> = []
    return try (0..<seeds).flatMap { seed in
      try experiments.flatMap(\.rows).flatMap(\.trainings).compactMap { training in
        let job = try job(training, seed: UInt64(seed), datasets)
        return seen.insert(job.directory).inserted ? job : nil
      }
    }
  }

  func job(_ training: Training, seed: UInt64, _ datasets: Datasets) throws -> Job {
    var names: [String] = []
    let tasks = training.roles.map { role in
      let source = source(of: role)
      let classes = Set(datasets[source]?.classNames.map { $0.lowercased() } ?? [])
      var name = source.taskName
      if names.contains(name) { name += "-again" }
      names.append(name)
      return TaskRecipe(
        name: name, dataset: source.kind, path: source.path,
        synonyms: synonyms.filter { classes.contains($0.key.lowercased()) })
    }
    var recipe = Recipe(tasks: tasks)
    recipe.architecture = Architecture(depth: scale.depth, split: .stage2)
    recipe.steps = scale.steps
    recipe.batch = scale.batch
    recipe.seed = seed
    training.change(&recipe)
    try recipe.validate()
    // The name is for people, the digest tells recipes apart; the same on every machine with the
    // data in the same place.
    let words = training.name.lowercased().split { !$0.isLetter && !$0.isNumber }
    let digest = Digest.hex(Array(recipe.yaml.utf8)).prefix(8)
    return Job(
      name: training.name, recipe: recipe,
      directory: "\(output)/runs/\(words.joined(separator: "-"))-\(seed)-\(digest)",
      roles: training.roles)
  }

  func source(of role: DataRole) -> DataSource { sources.first { $0.role == role }! }

  // MARK: Data

  /// The data sets of the sources, read once.
  public typealias Datasets = [DataSource: Dataset]

  public func loadDatasets(imageSize: Int = 32) throws -> Datasets {
    var all: Datasets = [:]
    for source in sources {
      all[source] = try Dataset.load(source.kind, path: source.path, imageSize: imageSize)
    }
    return all
  }

  // MARK: Running

  public enum State: Sendable { case finished, toDo }

  public func state(_ job: Job) -> State {
    guard let (recipe, _) = try? RunDirectory(job.directory).read(), recipe == job.recipe else {
      return .toDo
    }
    return .finished
  }

  /// Runs one job, and measures its features where an experiment asks for them.
  public func run(
    _ job: Job, _ datasets: Datasets, on backend: any Backend, clock: () -> Double,
    startTime: Double?, progress: (TrainingProgress) -> Void
  ) throws {
    let data = job.roles.map { datasets[source(of: $0)]! }
    // A directory that was broken off starts anew.
    if FileManager.default.fileExists(atPath: job.directory) {
      try FileManager.default.removeItem(atPath: job.directory)
    }
    _ = try Run.train(
      job.recipe, datasets: data, directory: RunDirectory(job.directory), on: backend,
      clock: clock, startTime: startTime, progress: progress)
  }

  /// Correlations of the features of a finished run: measured once, kept in its directory.
  func features(_ job: Job, _ datasets: Datasets, on backend: any Backend) throws
    -> [FeatureComparison]
  {
    let path = "\(job.directory)/features.json"
    if let data = FileManager.default.contents(atPath: path),
      let known = try? JSONDecoder().decode([FeatureComparison].self, from: data)
    {
      return known
    }
    let measured = try Run.compareFeatures(RunDirectory(job.directory), on: backend) { _ in
      job.roles.map { datasets[source(of: $0)]! }
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    try AtomicFile.write(Array(try encoder.encode(measured)), to: path)
    return measured
  }
}
