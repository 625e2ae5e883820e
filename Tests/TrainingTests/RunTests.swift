import Autograd
import BackendCPU
import Components
import Datasets
import Foundation
import Networks
import Recipes
import Runs
import Tensors
import TestSupport
import Testing
import Training

@Suite struct RunTests {
  let backend = CPUBackend(threads: 2)

  func train(
    _ recipe: Recipe, _ datasets: [Dataset], _ directory: RunDirectory? = nil
  ) throws -> RunResults {
    try Run.train(
      recipe, datasets: datasets, directory: directory, on: backend, clock: TurnedClock())
  }

  static let recipe = Tiny.recipe { $0.methods = CompatibilityMethod.paper }

  @Test func threeTasksGiveSixDirections() throws {
    let results = try train(
      Tiny.recipe(tasks: 3) { $0.methods = CompatibilityMethod.paper }, Tiny.three)
    let pairs = results.recombinations.map { [$0.extractor, $0.head] }
    #expect(
      pairs == [["a", "b"], ["a", "c"], ["b", "a"], ["b", "c"], ["c", "a"], ["c", "b"]])
    #expect(results.recombinations.allSatisfy { $0.testedOn == $0.extractor })
    #expect(results.commonClasses == ["bird", "cat", "dog", "ship"])
    // a has cat, dog, ship in common with b, of its test images 3 + 3 + 2; c has 3 outputs.
    #expect(results.recombinations[0].images == 8)
    #expect(results.recombinations[0].chance == 0.25)
    #expect(results.recombinations[0].chanceAmongCommonOutputs == 1.0 / 3)
    // b and c have cat and ship in common: b's labels 1 and 3, c's 0 and 2.
    #expect(results.recombinations[3].images == 3 + 2)
    #expect(results.recombinations[3].chance == 1.0 / 3)
    #expect(results.recombinations[3].chanceAmongCommonOutputs == 0.5)
    #expect(results.recombinations[5].images == 4 + 3)
    let mean = results.recombinations.compactMap(\.accuracy).reduce(0, +) / 6
    #expect(results.recombinationAccuracy == mean)
    #expect(results.tasks.map(\.testImages) == [10, 10, 10])
    #expect(results.tasks.allSatisfy { (0...1).contains($0.ownAccuracy ?? -1) })
  }

  @Test func aPairWithoutCommonClassesHasAReasonAndNoAccuracy() throws {
    let results = try train(
      Tiny.recipe(), [Tiny.dataset(["cat", "dog"]), Tiny.dataset(["ship", "car"], stream: 1)])
    for (recombined, names) in zip(results.recombinations, ["a and b", "b and a"]) {
      #expect(recombined.accuracy == nil && recombined.images == 0)
      #expect(recombined.reason == "the tasks \(names) have no class in common")
      #expect(recombined.chance == 0.5)
    }
    #expect(results.recombinationAccuracy == nil)
    #expect(results.tasks.allSatisfy { $0.ownAccuracyOnCommonClasses == nil })
  }

  @Test func aTrainingLearnsWhatIsEasy() throws {
    let results = try train(
      Tiny.recipe(tasks: 1) {
        $0.steps = 60
        $0.batchSize = 8
      }, [Tiny.two[0]])
    #expect(try #require(results.tasks[0].ownAccuracy) >= 0.9)
  }

  @Test func theHeldOutPartIsMeasuredAndNotTrainedOn() throws {
    let results = try train(Tiny.recipe { $0.validation = 0.25 }, Tiny.two)
    #expect(results.tasks.map(\.trainImages) == [15, 15])
    #expect(results.tasks.allSatisfy { $0.validationAccuracy != nil })
    #expect(try train(Tiny.recipe(), Tiny.two).tasks[0].validationAccuracy == nil)
  }

  @Test func theCurveIsMeasuredAlongTheTraining() throws {
    let plain = try train(Self.recipe, Tiny.two)
    let results = try train(
      Tiny.recipe {
        $0.methods = CompatibilityMethod.paper
        $0.evaluateEvery = 1
      }, Tiny.two)
    #expect(results.curve.map(\.step) == [1, 2])
    #expect(results.recombinationAccuracy == plain.recombinationAccuracy)
    #expect(plain.curve.isEmpty)
  }
}
