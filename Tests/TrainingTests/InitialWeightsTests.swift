import Autograd
import BackendCPU
import Components
import Datasets
import Networks
import Tensors
import Testing
import Training

@Suite struct InitialWeightsTests {
  let backend = CPUBackend(threads: 2)

  func initial(_ network: TaskNetwork) throws -> [String: [Float]] {
    try (network.extractor.layers.parameters + network.head.layers.parameters)
      .snapshot(on: backend)
  }

  @Test func identicalWeightsRecombineExactlyBeforeTraining() throws {
    let trainer = try Tiny.trainer(
      Tiny.recipe {
        $0.methods = [.identicalInitialWeights]
        $0.steps = 0
      }, on: backend)
    try trainer.run()
    let (a, b) = (trainer.networks[0], trainer.networks[1])
    let evaluator = Evaluator(batch: 4, on: backend)
    for (own, other) in [(a, b), (b, a)] {
      let images = own.dataset.test
      let expected = try evaluator.logits(try Recombination(own.extractor, own.head), images)
      let recombined = try evaluator.logits(try Recombination(own.extractor, other.head), images)
      #expect(recombined == expected)
      #expect(expected.count == images.count * 4)
    }
  }

  @Test func identicalWeightsDifferInTheLastLayerWhereClassCountsDo() throws {
    let trainer = try Tiny.trainer(
      Tiny.recipe(tasks: 3) { $0.methods = [.identicalInitialWeights] },
      [Tiny.three[2], Tiny.three[0], Tiny.three[1]], on: backend)
    let weights = try trainer.networks.map(initial)
    for name in weights[0].keys where name != "linear.weight" && name != "linear.bias" {
      #expect(weights[1][name] == weights[0][name])
      #expect(weights[2][name] == weights[0][name])
    }
    #expect(weights[0]["linear.weight"]?.count == 3 * 64)
    // Equal counts have equal rows, by position, whatever other tasks there are.
    #expect(weights[1]["linear.weight"]?.count == 4 * 64)
    #expect(weights[1]["linear.weight"] == weights[2]["linear.weight"])
    let firstOfOther = Array(weights[1]["linear.weight"]!.prefix(3 * 64))
    #expect(firstOfOther != weights[0]["linear.weight"])
  }

  @Test func withoutTheMethodEveryTaskDrawsItsOwn() throws {
    let trainer = try Tiny.trainer(Tiny.recipe(), on: backend)
    let weights = try trainer.networks.map(initial)
    for name in weights[0].keys where name.contains("conv") || name == "linear.weight" {
      #expect(weights[0][name] != weights[1][name])
    }
  }

  @Test func theFirstTaskStartsAlikeWithEveryMethod() throws {
    let without = try initial(Tiny.trainer(Tiny.recipe(), on: backend).networks[0])
    let with = try initial(
      Tiny.trainer(
        Tiny.recipe { $0.methods = CompatibilityMethod.allCases }, on: backend
      ).networks[0])
    #expect(with == without)
  }
}
