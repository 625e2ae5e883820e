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
        initialHeads: recipe.initialWeights.map { [RunLayout(found: $0).auxiliary("rotation")] }?
          .filter(FileManager.default.fileExists(atPath:)).map { try GivenComponent(file: $0) }
          ?? [],
        provenance: recipe.asProvenance.yaml, losses: losses, augmentation: augmentation,
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
    task.oldHead = try oldHead.map { try GivenComponent(file: $0) }
    if let known = (task.head ?? task.oldHead)?.record.header.classNames {
      task.synonyms.merge(allSynonyms(in: dataset, spelledAs: known)) { own, _ in own }
    }
    task.initialWeights = try (shared ?? initialWeights).map {
      try InitialWeights(from: $0, task: name)
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
  /// From an extractor's file, or from components of an earlier run or beside each other in a folder:
  /// the task's own extractor where there is one of its name, else the only one; in a folder that is no
  /// run's also the head of the same name.
  init(from path: String, task: String) throws {
    func given(_ file: String) throws -> GivenComponent? {
      FileManager.default.fileExists(atPath: file) ? try GivenComponent(file: file) : nil
    }
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue {
      self.init(
        extractor: GivenComponent(try ComponentFile.read(path, as: .extractor), place: path),
        rotationHead: nil)
      return
    }
    let layout = RunLayout(found: path)
    let own = layout.extractor(task)
    let extractors = FileManager.default.fileExists(atPath: own) ? [own] : layout.extractors
    guard extractors.count == 1 else {
      throw RecipeError(
        "initial-weights: expected in \(path) the components of a finished run or of an import, with "
          + "an extractor of the task \(task) or one alone, found \(extractors.count); give such a "
          + "directory, or an extractor's file")
    }
    self.init(
      extractor: GivenComponent(try ComponentFile.read(extractors[0]), place: path),
      rotationHead: try given(layout.auxiliary("rotation")),
      head: layout.isRun ? nil : try given(RunLayout.head(beside: extractors[0])))
  }
}

extension Recipe {
  /// What of it may stand in a component: equal trainings in other places, or in less memory, are
  /// equal.
  var asProvenance: Recipe {
    var recipe = self
    recipe.recompute = .none
    recipe.initialWeights = nil
    recipe.auxiliaryHeads = []
    for index in recipe.tasks.indices {
      recipe.tasks[index].path = nil
      recipe.tasks[index].initialWeights = nil
      recipe.tasks[index].extractor = nil
      recipe.tasks[index].head = nil
      recipe.tasks[index].oldHead = nil
    }
    return recipe
  }
}
