import BackendCPU
import Components
import Foundation
import Networks
import Recipes
import Runs
import Tensors
import TestSupport
import Testing
import Training

/// Backward-compatible training: new features under a head that was there before.
@Suite struct OldHeadTests {
  private let backend = CPUBackend(threads: 2)

  /// The run of an old network, and a training of a new one on other classes against its head.
  private func trained(
    _ change: (inout Recipe) -> Void = { _ in },
    _ body: (_ old: RunDirectory, _ recipe: Recipe, _ trainer: Trainer) throws -> Void
  ) throws {
    let folder = try Tiny.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let old = RunDirectory("\(folder)/old")
    _ = try Run.train(
      Tiny.recipe(tasks: 1), datasets: [Tiny.two[0]], directory: old, on: backend,
      clock: TurnedClock())
    let recipe = Tiny.recipe(tasks: 1) {
      $0.tasks[0].name = "b"
      $0.tasks[0].oldHead = old.head("a")
      $0.seed = 8
      change(&$0)
    }
    try body(old, recipe, try Tiny.trainer(recipe, [Tiny.two[1]], on: backend))
  }

  @Test func newFeaturesFitTheOldHeadWhichDoesNotChange() throws {
    try trained { old, recipe, trainer in
      var losses: [String: Float] = [:]
      try trainer.run(progress: { losses = $0.losses[0].auxiliary })
      try trainer.stamp()
      #expect(losses.keys.sorted() == ["old-head"] && (losses["old-head"] ?? 0) > 0)
      let head = try ComponentFile.read(old.head("a"))
      let network = trainer.networks[0]
      let extractor = try Component(network.extractor, on: backend)
      let anchor = Anchor(.sharedHead, head.header.digest)
      #expect(extractor.header.featureSpace.anchors.contains(anchor))
      #expect(extractor.header.featureSpace.anchors.count == 2)
      _ = try Model(extractor: extractor, head: head)
      _ = try Model(extractor: extractor, head: try Component(network.head, on: backend))
      // Both features are where the old head looks for them: the new head is of that space, too.
      let shared = try Component(network.head, on: backend).header.featureSpace.shared(
        with: try ComponentFile.read(old.extractor("a")).header.featureSpace)
      #expect(shared == [anchor])
      let lineage = try #require(extractor.header.lineage)
      #expect(lineage.origin == .training && lineage.parents == nil)
      #expect(
        lineage.partners?.map { "\($0.role) \($0.digest)" } == ["old-head \(head.header.digest)"])
      #expect(lineage.recipe?.contains("old-head") == false)
      #expect(recipe.yaml.contains("old-head: \"\(old.head("a"))\""))
      #expect(try Recipe.parse(yaml: recipe.yaml, folder: "/") == recipe)
    }
  }

  /// The gradient of an image that the old head does not know is the target's alone.
  @Test func whatTheOldHeadDoesNotKnowHasNoPart() throws {
    func state(_ hasOldHead: Bool, classes: [String]) throws -> [[String: [Float]]] {
      var found: [[String: [Float]]] = []
      func change(_ recipe: inout Recipe) {
        if !hasOldHead { recipe.tasks[0].oldHead = nil }
        recipe.steps = 1
      }
      try trained(change) { _, recipe, _ in
        let data = Tiny.dataset(classes, stream: 1)
        let trainer = try Tiny.trainer(recipe, [data], on: backend)
        try trainer.run()
        found = try Tiny.state(trainer.networks[0], on: backend)
      }
      return found
    }
    let known = ["dog", "cat", "tree", "ship"]
    #expect(try state(true, classes: known) != state(false, classes: known))
    // A class of the old head without an image among the training ones.
    let strange = ["u", "v", "w", "x"]
    let error = #expect(throws: RecipeError.self) { try state(true, classes: strange) }
    #expect(error?.problem.contains("old-head: it knows none") == true)
  }

  @Test func whatDoesNotFitIsRefused() throws {
    func problem(_ change: @escaping (inout Recipe) -> Void) -> String {
      (#expect(throws: RecipeError.self) { try trained(change) { _, _, _ in } })?.problem ?? ""
    }
    #expect(
      problem { $0.architecture.adapter = 12 }.contains("old-head: ")
        && problem { $0.architecture.adapter = 12 }.contains("takes 32 channels"))
    #expect(
      problem {
        ($0.objective, $0.methods) = (.selfSupervised, [.rotationPrediction])
      }.contains("needs labels"))
  }
}
