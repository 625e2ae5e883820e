import BackendCPU
import Components
import Foundation
import Recipes
import Runs
import Tensors
import TestSupport
import Testing
import Training

/// One more network for heads that others were trained with: how a library of components grows.
@Suite struct GivenHeadsTests {
  private let backend = CPUBackend(threads: 2)

  /// The run of two tasks with a common-classes head.
  private func withRun(_ body: (RunDirectory) throws -> Void) throws {
    let folder = try Tiny.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let run = RunDirectory("\(folder)/run")
    _ = try Run.train(
      Tiny.recipe { $0.settings.methods = [.commonClasses] }, datasets: Tiny.two, directory: run,
      on: backend, clock: TurnedClock())
    try body(run)
  }

  private func later(_ run: RunDirectory, _ classes: [String]) throws -> Trainer {
    let recipe = Tiny.recipe(tasks: 1) {
      $0.tasks[0].name = "later"
      $0.settings.methods = [.commonClasses]
      $0.auxiliaryHeads = [run.auxiliary("common-classes")]
      $0.settings.frozen = [.auxiliaryHeads]
      $0.settings.seed = 8
    }
    #expect(try Recipe.parse(yaml: recipe.yaml, folder: "/") == recipe)
    return try Tiny.trainer(recipe, [Tiny.dataset(classes, stream: 3)], on: backend)
  }

  @Test func oneTaskFitsWhatWasTrainedBefore() throws {
    try withRun { run in
      let given = try ComponentFile.read(run.auxiliary("common-classes"))
      let known = try #require(given.header.classNames)
      #expect(known.count >= 2)
      // As another program spells them, and one class that the head does not know.
      let trainer = try later(run, known.map { $0.uppercased() } + ["lighthouse"])
      var losses: [String: Float] = [:]
      try trainer.run(progress: { losses = $0.losses[0].auxiliary })
      try trainer.stamp()
      #expect(losses.keys.sorted() == ["common-classes"] && (losses["common-classes"] ?? 0) > 0)
      let head = try #require(trainer.commonClassesHead)
      #expect(try Component(head, on: backend).header.digest == given.header.digest)
      let extractor = try Component(trainer.networks[0].extractor, on: backend)
      let anchor = Anchor(.commonClassesHead, given.header.digest)
      #expect(extractor.header.featureSpace.anchors.contains(anchor))
      for task in ["a", "b"] {
        let old = try ComponentFile.read(run.head(task))
        _ = try Model(extractor: extractor, head: old)
        #expect(extractor.header.featureSpace.shared(with: old.header.featureSpace) == [anchor])
      }
    }
  }

  @Test func aHeadThatKnowsNoneOfTheClassesIsRefused() throws {
    try withRun { run in
      let head = try ComponentFile.read(run.auxiliary("common-classes"))
      let known = try #require(head.header.classNames)
      let error = #expect(throws: RecipeError.self) {
        try later(run, [known[0], "lighthouse", "windmill"])
      }
      #expect(
        error?.problem.contains(
          "task later: the common-classes head in auxiliary-heads knows 1 of its classes, at least "
            + "2 are needed; the head's are \(known.joined(separator: ", "))") == true,
        "\(String(describing: error))")
    }
  }
}
