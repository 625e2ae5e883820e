public import Datasets
import Training

extension Recipe {
  /// Common classes of the tasks, built-in synonyms included; the recipe's own win.
  public func classMap(_ datasets: [Dataset]) throws(RecipeError) -> ClassMap {
    do {
      return try ClassMap(
        zip(tasks, datasets).map { task, dataset in
          (dataset.classNames, task.allSynonyms(in: dataset))
        })
    } catch {
      throw RecipeError("\(error)")
    }
  }

  /// The same with steps in the place of epochs: as many minibatches as the task with most training
  /// images, without those held out, has in so many epochs, rounded up.
  public func withSteps(for datasets: [Dataset]) -> Recipe {
    guard let epochs else { return self }
    let images = (datasets.map(\.trainCount).max() ?? 0)
    let trained = Double(images) - (Double(images) * settings.validation).rounded(.down)
    var recipe = self
    recipe.epochs = nil
    recipe.settings.steps = Int(
      min(100_000_000, max(1, (trained * epochs / Double(settings.batchSize)).rounded(.up))))
    return recipe
  }

  /// Reads the data sets of all tasks.
  public func loadDatasets() throws(DatasetError) -> [Dataset] {
    var datasets: [Dataset] = []
    for task in tasks {
      datasets.append(
        try task.choosingClasses(
          of: Dataset.load(
            task.dataset, path: task.path, imageSize: settings.imageSize,
            framing: settings.framing, onDamaged: damagedImages, memory: imageMemory << 20,
            test: task.test)))
    }
    return datasets
  }
}

extension TaskRecipe {
  /// The task's classes of its data set, those of one synonym as one, seen through its corruption.
  /// - Throws: `DatasetError` where the data set has no such class, or cannot be corrupted.
  public func choosingClasses(of dataset: Dataset) throws(DatasetError) -> Dataset {
    let chosen =
      try classes.map { (names) throws(DatasetError) in try dataset.restricted(to: names) }
      ?? dataset
    let seen =
      try corruption.map { (kind) throws(DatasetError) in try chosen.corrupted(by: kind) } ?? chosen
    return seen.mergingClasses(synonyms)
  }
}
