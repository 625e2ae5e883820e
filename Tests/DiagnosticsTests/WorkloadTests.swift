import Diagnostics
import Networks
import Recipes
import Tensors
import TestSupport
import Testing
import Training

@Suite struct WorkloadTests {
  @Test func everyOpHasARowInTheBench() {
    let timed = Set(Workload.networks(batchSize: 2).map(\.op))
    #expect(OpName.allCases.filter { !timed.contains($0) } == [])
  }

  /// A family of another package has its rows, and stands in a recipe.
  @Test func aRegisteredFamilyHasRowsAndARecipe() throws {
    try NetworkFamilies.register(PlainStack.self)
    let rows = Workload.networks(batchSize: 2).filter { $0.place.hasPrefix("Plain stack") }
    #expect(
      rows.map(\.place) == .init(repeating: "Plain stack, unit 1", count: 4)
        + .init(repeating: "Plain stack, classifier", count: 3))
    #expect(rows.map(\.k) == [4, 4, 4, 4, 10, 10, 10])

    func parse(_ architecture: String) throws(RecipeError) -> Recipe {
      try Recipe.parse(
        yaml: "tasks: [{dataset: made-up-ink}]\narchitecture: \(architecture)", folder: "/")
    }
    let recipe = try parse("{name: plain-stack, depth: 8, split: unit2}")
    #expect(
      recipe.architecture == Architecture(name: "plain-stack", depth: 8, split: Split("unit", 2)))
    #expect(
      recipe.yaml.contains("architecture: {name: plain-stack, depth: 8, width: 1, split: unit2}"))
    #expect(try Recipe.parse(yaml: recipe.yaml, folder: "/") == recipe)
    for (text, problem) in [
      ("{name: plain-stick}", "did you mean “plain-stack”?"),
      ("{name: plain-stack, depth: 5}", "depth: a plain stack's depth is even, from 4 to 20"),
      ("{name: plain-stack, split: stage1}", "split: expected one of unit1, unit2, got"),
    ] {
      let error = #expect(throws: RecipeError.self) { try parse(text) }
      #expect(error?.problem.contains(problem) == true, "\(error!)")
    }
  }

  @Test func nominalOperationsAreThoseOfADirectConvolution() {
    let stage = Workload(
      .convolutionForward, "stage 1", n: 128, h: 32, w: 32, c: 16, k: 16, r: 3, s: 3)
    #expect(stage.nominalOperations == 603_979_776)
    let strided = Workload(
      .convolutionDataGradient, "", n: 2, h: 9, w: 9, c: 3, k: 4, r: 3, s: 3, stride: 2)
    #expect((strided.p, strided.q) == (5, 5))
    #expect(strided.nominalOperations == 10_800)
    let depthwise = Workload(.depthwiseForward, "", n: 2, h: 8, w: 8, c: 5, r: 3, s: 3)
    #expect(depthwise.nominalOperations == 11_520)
    #expect((depthwise.groups, depthwise.isArithmetic) == (5, false))
    #expect(Workload(.linearForward, "", n: 3, c: 5, k: 7).nominalOperations == 210)
    #expect(Workload(.addForward, "", n: 3, c: 5).nominalOperations == nil)
  }

  @Test func bytesCountEachTensorOnce() {
    let backend = makeBackend()
    func bytes(_ workload: Workload) -> Int { workload.prepare(on: backend).bytes }
    let x = 2 * 8 * 8 * 4
    #expect(bytes(Workload(.addForward, "", n: 2, h: 8, w: 8, c: 4)) == 4 * 3 * x)
    #expect(
      bytes(Workload(.convolutionForward, "", n: 2, h: 8, w: 8, c: 4, k: 4, r: 3, s: 3))
        == 4 * (2 * x + 9 * 16))
    // w and v are read and written, g is read.
    #expect(bytes(Workload(.optimizerStep, "", n: 1, c: 4, k: 5, r: 3, s: 3)) == 4 * 5 * 180)
  }

  /// Outputs start as NaN, so whatever is finite has been written.
  @Test func everyRowOfASmallBatchWritesAllItsOutputs() throws {
    let backend = makeBackend()
    var seen: Set<String> = []
    for workload in Workload.networks(batchSize: 1)
    where seen.insert("\(workload.op) \(workload.fused)").inserted {
      let prepared = workload.prepare(on: backend)
      prepared.run()
      prepared.collect()
      for output in prepared.outputs {
        #expect(try backend.download(output).allSatisfy(\.isFinite), "\(workload.op)")
      }
    }
  }

  @Test func equalWorkloadsGetEqualNumbersOnEveryBackend() throws {
    let workload = Workload(.linearForward, "", n: 3, c: 5, k: 7)
    func output() throws -> [Float] {
      let backend = makeBackend()
      let prepared = workload.prepare(on: backend)
      prepared.run()
      return try backend.download(prepared.outputs[0])
    }
    #expect(try output() == output())
  }
}
