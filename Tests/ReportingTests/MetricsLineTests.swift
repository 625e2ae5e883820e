import Foundation
import Reporting
import Testing

@Suite struct MetricsLineTests {
  private static func values(_ json: String) throws -> (Int, [String: Double]) {
    let line = try MetricsLine(json: Data(json.utf8))
    #expect(line.values.map(\.tag) == line.values.map(\.tag).sorted())
    return (line.step, Dictionary(uniqueKeysWithValues: line.values.map { ($0.tag, $0.value) }))
  }

  @Test func lossesGoByTheirTasks() throws {
    let (step, values) = try Self.values(
      """
      {"learningRate":0.1,"losses":[{"rotation":1.5,"target":2.25,"task":"cifar10"},
      {"target":2,"task":"tin10"}],"minibatch":20}
      """)
    #expect(step == 20)
    #expect(
      values == [
        "learningRate": 0.1, "losses/cifar10/rotation": 1.5, "losses/cifar10/target": 2.25,
        "losses/tin10/target": 2,
      ])
  }

  /// Of each task: the axis of losses and accuracies alike.
  @Test func aStepComesBeforeMinibatchesOfAllTasks() throws {
    #expect(
      try Self.values(#"{"minibatch":20,"step":10,"learningRate":0.5}"#) == (
        10, ["learningRate": 0.5]
      ))
  }

  @Test func recombinationsGoByExtractorAndHead() throws {
    let (step, values) = try Self.values(
      """
      {"recombinationAccuracy":0.5,"recombinations":[{"accuracy":0.5,"chance":0.1,
      "chanceAmongCommonOutputs":0.125,"extractor":"a","head":"b","images":800,"testedOn":"a"},
      {"accuracy":null,"chance":0.1,"extractor":"b","head":"a","images":0,"reason":"none in common"}],
      "step":10,"other":[1,true,[2]]}
      """)
    #expect(step == 10)
    #expect(
      values == [
        "recombinationAccuracy": 0.5, "recombinations/a+b/accuracy": 0.5, "other/0": 1,
        "other/2/0": 2,
      ])
  }

  @Test(arguments: ["", "[]", "{}", "{\"minibatch\":1.5}", "{\"step\":\"1\"}", "{\"step\":1"])
  func otherLinesAreErrors(_ json: String) {
    #expect(throws: (any Error).self) { _ = try MetricsLine(json: Data(json.utf8)) }
  }
}
