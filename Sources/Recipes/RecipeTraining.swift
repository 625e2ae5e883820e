import Components
public import Datasets
import Foundation
public import Optimizers
public import Tensors
public import Training

extension Trainer {
  /// A recipe's training: its files are read.
  /// - Parameters:
  ///   - recipe: what is trained, and how.
  ///   - datasets: of its tasks, in their order.
  ///   - losses: terms beside those that the recipe asks for.
  ///   - augmentation: in place of the recipe's.
  ///   - optimizer: in place of the recipe's.
  ///   - backend: where it computes.
  /// - Throws: `RecipeError` where recipe, data sets and components do not fit; `FileError`.
  public convenience init(
    _ recipe: Recipe, datasets: [Dataset], losses: [any LossTerm] = [],
    augmentation: [any AugmentationStep]? = nil, optimizer: (any Optimizer)? = nil,
    on backend: any Backend
  ) throws {
    precondition(datasets.count == recipe.tasks.count, "one data set a task")
    let recipe = recipe.withSteps(for: datasets)
    try recipe.validate()
    do {
      try self.init(
        recipe.settings,
        tasks: zip(recipe.tasks, datasets).map {
          try $0.trainingTask($1, initialWeights: recipe.initialWeights)
        },
        auxiliaryHeads: recipe.auxiliaryHeads.map { try GivenComponent(file: $0) },
        initialHeads: recipe.initialWeights.map { [RunLayout($0).auxiliary("rotation")] }?
          .filter(FileManager.default.fileExists(atPath:)).map { try GivenComponent(file: $0) }
          ?? [],
        provenance: recipe.withoutPaths.yaml, losses: losses, augmentation: augmentation,
        optimizer: optimizer, on: backend)
    } catch let error as SettingsError {
      throw RecipeError(error.problem)
    }
  }
}

extension TaskRecipe {
  func trainingTask(_ dataset: Dataset, initialWeights shared: String?) throws -> TrainingTask {
    var task = TrainingTask(name, dataset, synonyms: allSynonyms(in: dataset))
    task.architecture = architecture
    task.extractor = try extractor.map { try GivenComponent(file: $0) }
    task.head = try head.map { try GivenComponent(file: $0) }
    if let known = task.head?.record.header.classNames {
      task.synonyms.merge(allSynonyms(in: dataset, spelledAs: known)) { own, _ in own }
    }
    task.initialWeights = try (shared ?? initialWeights).map {
      try InitialWeights(run: $0, task: name)
    }
    return task
  }

  /// The data set's built-in ones and the recipe's own, which win.
  func allSynonyms(in data: Dataset) -> [String: String] {
    dataset.synonyms.filter { data.classNames.contains($0.key) }
      .merging(data.synonymsLeft(synonyms)) { $1 }
  }

  /// Those that differ from a head's classes in case alone, to the head's spelling.
  private func allSynonyms(in data: Dataset, spelledAs known: [String]) -> [String: String] {
    var result: [String: String] = [:]
    for (name, spelled) in zip(data.classNames, ClassMap.spelled(data.classNames, as: known))
    where name != spelled && known.contains(spelled) && !known.contains(name) {
      result[name] = spelled
    }
    return result
  }
}

extension InitialWeights {
  /// From the components of an earlier run: the task's own extractor where the run has one of its
  /// name, else the run's only one.
  init(run path: String, task: String) throws {
    let run = RunLayout(path)
    let own = run.extractor(task)
    let extractors = FileManager.default.fileExists(atPath: own) ? [own] : run.extractors
    guard extractors.count == 1 else {
      throw RecipeError(
        "initial-weights: expected in \(path) the components of a finished run, with an extractor of "
          + "the task \(task) or one alone, found \(extractors.count); give such a run's directory")
    }
    let rotation = run.auxiliary("rotation")
    self.init(
      extractor: GivenComponent(try ComponentFile.read(extractors[0]), place: path),
      rotationHead: FileManager.default.fileExists(atPath: rotation)
        ? try GivenComponent(file: rotation) : nil)
  }
}

extension Recipe {
  /// What of it may stand in a component: equal trainings in other places are equal.
  var withoutPaths: Recipe {
    var recipe = self
    recipe.initialWeights = nil
    recipe.auxiliaryHeads = []
    for index in recipe.tasks.indices {
      recipe.tasks[index].path = nil
      recipe.tasks[index].initialWeights = nil
      recipe.tasks[index].extractor = nil
      recipe.tasks[index].head = nil
    }
    return recipe
  }
}
