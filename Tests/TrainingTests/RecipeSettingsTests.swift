import Datasets
import Networks
import Testing
import Training

/// Keys about the self-supervised losses, and other values of keys than the file's.
@Suite struct RecipeSettingsTests {
  @Test func selfSupervisionIsReadAndWritten() throws {
    let recipe = try Recipe.parse(
      yaml: """
        tasks: [{dataset: made-up-ink}, {dataset: made-up-neon}]
        architecture: {depth: 8, adapter: 16}
        methods: [rotation-prediction]
        rotations: one
        self-supervised-weight: 2.5
        self-supervised-head: {depth: 20, adapter: 16}
        self-supervised-first: 0.25
        self-supervised-dropout: 0.5
        self-supervised-exchange: 0.125
        target-on-copies: 1
        """, folder: "/r")
    #expect(recipe.rotations == .one && recipe.selfSupervisedWeight == 2.5)
    #expect(recipe.selfSupervisedHead == Architecture(depth: 20, adapter: 16))
    #expect(recipe.selfSupervisedFirst == 0.25 && recipe.selfSupervisedDropout == 0.5)
    #expect(recipe.selfSupervisedExchange == 0.125 && recipe.targetOnCopies == 1)
    #expect(try Recipe.parse(yaml: recipe.yaml, folder: "/") == recipe)
    // Recipes of earlier versions are written as they were.
    let plain = Recipe(tasks: [TaskRecipe(name: "a", dataset: .madeUpInk)])
    for word in ["rotations", "self-supervised", "copies"] { #expect(!plain.yaml.contains(word)) }
  }

  @Test func settingsTakeThePlaceOfKeys() throws {
    let yaml = "tasks: [{dataset: made-up-ink}]\nsteps: 7\narchitecture: {depth: 14}"
    func parse(_ settings: [(String, String)]) throws -> Recipe {
      try Recipe.parse(
        yaml: yaml, folder: "/", settings: settings.map { (key: $0.0, value: $0.1) })
    }
    let recipe = try parse([
      ("steps", "9"), ("architecture", " {depth: 20, adapter: 16}"), ("methods", "[jigsaw]"),
    ])
    #expect(recipe.steps == 9 && recipe.architecture == Architecture(depth: 20, adapter: 16))
    #expect(recipe.methods == [.jigsaw])
    #expect(try parse([]).steps == 7)
    for (key, value, problem) in [
      ("steps", "x", "expected a whole number"), ("stepps", "3", "did you mean “steps”?"),
      ("methods", "[jigsaw", "not valid YAML"), ("steps", "", "expected a whole number"),
    ] {
      let error = #expect(throws: RecipeError.self) { try parse([(key, value)]) }
      #expect(error?.problem.contains(problem) == true, "\(String(describing: error))")
      #expect(error?.line == nil)
    }
  }

  @Test(arguments: [
    ("rotations: one", "need a self-supervised task"),
    ("methods: [common-classes]\nself-supervised-weight: 2", "need a self-supervised task"),
    ("methods: [jigsaw]\nobjective: self-supervised\ntarget-on-copies: 1", "need targets"),
    ("methods: [jigsaw]\nself-supervised-exchange: 0.5\nscheme: incremental", "trained jointly"),
    (
      "methods: [jigsaw]\nself-supervised-head: {depth: 8, width: 2}",
      "it takes 64 channels (activation relu), the extractors give 32 (relu)"
    ),
    ("methods: [jigsaw]\nself-supervised-head: {depth: 20}\ninitial-weights: x", "initial-weights"),
  ])
  func selfSupervisionThatCannotBeDoneIsRefused(_ keys: String, _ fragment: String) {
    let error = #expect(throws: RecipeError.self) {
      try Recipe.parse(
        yaml: "tasks: [{dataset: made-up-ink}, {dataset: made-up-neon}]\n\(keys)", folder: "/r")
    }
    #expect(error?.problem.contains(fragment) == true, "\(String(describing: error))")
  }
}
