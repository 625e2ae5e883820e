import BackendCPU
import Datasets
import Evaluation
import Recipes
import Runs
import TestSupport
import Testing
import Training

@Suite struct FeatureComparisonTests {
  let backend = CPUBackend(threads: 2)

  func compare(
    _ datasets: [Dataset], _ change: (inout Recipe) -> Void
  ) throws -> [FeatureComparison] {
    let directory = RunDirectory(try Tiny.temporaryFolder())
    _ = try Run.train(
      Tiny.recipe(change), datasets: datasets, directory: directory, on: backend,
      clock: TurnedClock())
    return try Run.compareFeatures(directory, on: backend, datasets: { _ in datasets })
  }

  /// Equal extractors see equal images equally: normalized alike, as the data sets are the same.
  @Test func equalExtractorsCorrelateFully() throws {
    let data = Tiny.dataset(["cat", "dog", "ship"])
    let comparisons = try compare([data, data]) {
      $0.methods = [.identicalInitialWeights]
      $0.steps = 0
    }
    #expect(comparisons.map(\.images) == ["a", "b"])
    for comparison in comparisons {
      #expect((comparison.channels, comparison.imageCount) == (32, 10))
      // A channel that ReLU keeps at zero everywhere correlates with nothing.
      let alive = comparison.correlations.filter { $0 != 0 }
      #expect(alive.count > 16 && alive.allSatisfy { abs($0 - 1) < 1e-6 })
      #expect(abs(comparison.linearCKA - 1) < 1e-6)
      #expect(comparison.permutedMeanCorrelation >= comparison.meanCorrelation - 1e-9)
    }
  }

  @Test func independentExtractorsDoNot() throws {
    let data = Tiny.dataset(["cat", "dog", "ship"])
    for comparison in try compare([data, data], { $0.steps = 1 }) {
      #expect(comparison.meanCorrelation < 0.5)
      #expect(comparison.permutedMeanCorrelation > comparison.meanCorrelation)
      #expect(comparison.linearCKA < 0.999)
    }
  }
}
