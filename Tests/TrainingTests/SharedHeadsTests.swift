import BackendCPU
import Components
import Networks
import Recipes
import Tensors
import Testing
import Training

/// Heads that tasks share and that do not learn.
@Suite struct SharedHeadsTests {
  let backend = CPUBackend(threads: 2)

  private func trainer(
    _ sharedHeads: SharedHeads, _ change: (inout Recipe) -> Void = { _ in }
  ) throws -> Trainer {
    try Tiny.trainer(
      Tiny.recipe {
        $0.methods = [.rotationPrediction, .commonClasses]
        $0.sharedHeads = sharedHeads
        change(&$0)
      }, on: backend)
  }

  private func weights(_ head: AuxiliaryHead?) throws -> [String: [Float]] {
    try Component(try #require(head), on: backend).tensors.mapValues(\.values)
  }

  @Test func fixedHeadsStayAsTheSeedDrawsThem() throws {
    let trainer = try trainer(.fixed)
    let before = try trainer.auxiliaryHeads.map { try weights($0) }
    let extractor = try Component(trainer.networks[0].extractor, on: backend).header.digest
    try trainer.run()
    #expect(try trainer.auxiliaryHeads.map { try weights($0) } == before)
    #expect(try Component(trainer.networks[0].extractor, on: backend).header.digest != extractor)
    // As drawn without it; and a training of its own has them, too, though the networks differ.
    let other = try self.trainer(.trained)
    #expect(try other.auxiliaryHeads.map { try weights($0) } == before)
    let apart = try self.trainer(.fixed) { $0.steps = 1 }
    try apart.run()
    try apart.stamp()
    try trainer.stamp()
    let spaces = [trainer, apart].map { $0.networks[0].extractor.stamp.featureSpace }
    #expect(
      spaces[0].shared(with: spaces[1]).map(\.kind).sorted { $0.rawValue < $1.rawValue }
        == [.commonClassesHead, .rotationHead])
    let lineage = try #require(trainer.networks[0].extractor.stamp.lineage)
    #expect(lineage.sharedHeads == "fixed")
    #expect(lineage.recipe?.contains("shared-heads: fixed\n") == true)
    #expect(try self.lineage(self.trainer(.trained)).sharedHeads == nil)
  }

  private func lineage(_ trainer: Trainer) throws -> Lineage {
    try trainer.stamp()
    return try #require(trainer.networks[0].extractor.stamp.lineage)
  }

  @Test func aSimplexIsRegularAndStays() throws {
    let trainer = try trainer(.fixedSimplex)
    let head = try #require(trainer.commonClassesHead)
    let before = try weights(head)
    try trainer.run()
    let after = try weights(head)
    for name in ["linear.weight", "linear.bias"] { #expect(after[name] == before[name]) }
    #expect(after["linear.bias"] == [0, 0, 0])
    // What stands before it learns.
    #expect(after["layer3.0.conv1.weight"] != before["layer3.0.conv1.weight"])
    let weight = try #require(after["linear.weight"])
    let (classes, inputs) = (3, 64)
    for a in 0..<classes {
      for b in 0..<classes {
        let cosine = (0..<inputs).reduce(0) {
          $0 + weight[a * inputs + $1] * weight[b * inputs + $1]
        }
        #expect(abs(cosine - (a == b ? 1 : -0.5)) < 1e-5)
      }
    }
    #expect(try weights(self.trainer(.fixedSimplex).commonClassesHead)["linear.weight"] == weight)
    let other = try self.trainer(.fixedSimplex) { $0.seed = 8 }
    #expect(try weights(other.commonClassesHead)["linear.weight"] != weight)
  }

  @Test func whatHasNoSharedHeadSaysSo() {
    func problem(_ sharedHeads: SharedHeads, _ methods: [CompatibilityMethod]) -> String? {
      (#expect(throws: RecipeError.self) {
        try trainer(sharedHeads) { $0.methods = methods }
      })?.problem
    }
    #expect(problem(.fixed, [.identicalInitialWeights])?.contains("shared-heads: fixed") == true)
    #expect(
      problem(.fixedSimplex, [.rotationPrediction])?.contains("add common-classes") == true)
  }

  @Test func recipesHaveTheKey() throws {
    let recipe = Tiny.recipe {
      $0.methods = [.commonClasses]
      $0.sharedHeads = .fixedSimplex
      $0.architecture.affineAdapter = .init(channels: 12, activation: .relu)
    }
    #expect(recipe.yaml.contains("shared-heads: fixed-simplex\n"))
    #expect(recipe.yaml.contains("affine-adapter: {channels: 12, activation: relu}"))
    let again = try Recipe.parse(yaml: recipe.yaml, folder: "/")
    #expect(again.settings == recipe.settings)
    #expect(!Tiny.recipe().yaml.contains("shared-heads"))
  }
}
