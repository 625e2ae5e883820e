import Autograd
import BackendCPU
import Components
import Datasets
import Networks
import Recipes
import Tensors
import Testing
import Training

@Suite struct IncrementalTests {
  let backend = CPUBackend(threads: 2)

  static let recipe = Tiny.recipe(tasks: 3) {
    $0.methods = CompatibilityMethod.paper
    $0.scheme = .incremental
  }

  @Test func auxiliaryHeadsStandStillAfterTheFirstTask() throws {
    let trainer = try Tiny.trainer(Self.recipe, Tiny.three, on: backend)
    let heads = [trainer.selfSupervisedHeads[0], trainer.commonClassesHead!]
    func states() throws -> [[String: [Float]]] {
      try heads.map { try Tiny.state($0.head.layers, on: backend) }
    }
    let initial = try states()
    var afterFirst: [[String: [Float]]] = []
    var minibatches: [Int] = []
    try trainer.run(progress: {
      minibatches.append($0.minibatch)
      if $0.minibatch == Self.recipe.steps {
        #expect(heads.allSatisfy { !$0.isFrozen })
        afterFirst = try states()
      }
    })
    #expect(minibatches == [3, 6, 9])
    #expect(afterFirst[0] != initial[0] && afterFirst[1] != initial[1])
    #expect(try states() == afterFirst)
    #expect(heads.allSatisfy { $0.isFrozen })
  }

  @Test func aFrozenHeadStillShapesTheExtractor() throws {
    func second(_ methods: [CompatibilityMethod]) throws -> [String: [Float]] {
      var recipe = Self.recipe
      recipe.tasks.removeLast()
      recipe.methods = methods
      let trainer = try Tiny.trainer(recipe, on: backend)
      try trainer.run()
      return try trainer.networks[1].extractor.layers.parameters.snapshot(on: backend)
    }
    let alone = try second([])
    #expect(try second([.rotationPrediction])["conv1.weight"] != alone["conv1.weight"])
    #expect(try second([.commonClasses])["conv1.weight"] != alone["conv1.weight"])
  }

  @Test func theFirstTaskKnowsNothingOfLaterOnes() throws {
    var recipe = Self.recipe
    recipe.methods = [.rotationPrediction]
    let whole = try Tiny.trained(recipe, Tiny.three)
    recipe.tasks.removeLast(2)
    let alone = try Tiny.trained(recipe, [Tiny.three[0]])
    #expect(Array(whole[0...1]) == Array(alone[0...1]))
    // … and trained alone a task has no one to alternate with.
    recipe.scheme = .joint
    #expect(try Tiny.trained(recipe, [Tiny.three[0]]) == alone)
  }
}
