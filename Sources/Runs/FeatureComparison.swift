import Components
public import Datasets
public import Evaluation
public import Recipes
public import Tensors
import Training

extension Run {
  /// Compares the extractors of a finished run, pair by pair, on the test images of each of the
  /// two.
  /// - Throws: as `evaluate`; a pair whose features differ in shape is left out.
  public static func compareFeatures(
    _ directory: RunDirectory, on backend: any Backend,
    datasets load: (Recipe) throws -> [Dataset] = { try $0.loadDatasets() }
  ) throws -> [FeatureComparison] {
    let (recipe, _) = try directory.read()
    let datasets = try load(recipe)
    let extractors = try recipe.tasks.map {
      try ComponentFile.loadExtractor(directory.extractor($0.name), on: backend)
    }
    let evaluator = Evaluator(batchSize: recipe.batchSize, on: backend)
    var comparisons: [FeatureComparison] = []
    for i in extractors.indices {
      for j in extractors.indices where j > i {
        for source in [i, j] {
          guard
            let statistics = try evaluator.compare(
              extractors[i], extractors[j], on: datasets[source].test)
          else { continue }
          comparisons.append(
            FeatureComparison(
              statistics, first: recipe.tasks[i].name, second: recipe.tasks[j].name,
              images: recipe.tasks[source].name, count: datasets[source].test.count,
              mutualNeighbors: try evaluator.mutualNeighbors(
                extractors[i], extractors[j], on: datasets[source].test)))
        }
      }
    }
    return comparisons
  }
}
