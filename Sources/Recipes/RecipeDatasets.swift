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

  /// Reads the data sets of all tasks.
  public func loadDatasets() throws(DatasetError) -> [Dataset] {
    var datasets: [Dataset] = []
    for task in tasks {
      datasets.append(
        try task.choosingClasses(
          of: Dataset.load(
            task.dataset, path: task.path, imageSize: settings.imageSize, onDamaged: damagedImages,
            memory: imageMemory << 20, test: task.test)))
    }
    return datasets
  }
}

extension TaskRecipe {
  /// The task's classes of its data set, those of one synonym as one.
  /// - Throws: `DatasetError` where the data set has no such class.
  public func choosingClasses(of dataset: Dataset) throws(DatasetError) -> Dataset {
    let chosen =
      try classes.map { (names) throws(DatasetError) in try dataset.restricted(to: names) }
      ?? dataset
    return chosen.mergingClasses(synonyms)
  }
}
