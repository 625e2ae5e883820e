import Datasets
import Networks
import Recipes
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
        """, folder: "/r")
    #expect(recipe.rotations == .one && recipe.selfSupervisedWeight == 2.5)
    #expect(recipe.selfSupervisedHead == Architecture(depth: 20, adapter: 16))
    #expect(try Recipe.parse(yaml: recipe.yaml, folder: "/") == recipe)
    // Recipes of earlier versions are written as they were.
    let plain = Recipe(tasks: [TaskRecipe(name: "a", dataset: .syntheticInk)])
    for word in ["rotations", "self-supervised", "optimizer", "label", "norms"] {
      #expect(!plain.yaml.contains(word))
    }
  }

  @Test func optimizersAndAugmentationAreReadAndWritten() throws {
    func parse(_ keys: String) throws -> Recipe {
      try Recipe.parse(yaml: "tasks: [{dataset: made-up-ink}]\n\(keys)", folder: "/")
    }
    let recipe = try parse(
      """
      optimizer: {name: adamw, beta1: 0.95}
      weight-decay: 0.05
      decay-norms-and-biases: false
      label-smoothing: 0.1
      augment: [flip, {color: 0.25}]
      """)
    #expect(recipe.optimizer == OptimizerChoice("adamw", ["beta1": 0.95]))
    #expect(recipe.learningRate == 0.001 && recipe.weightDecay == 0.05)
    #expect(!recipe.decaysNormsAndBiases && recipe.labelSmoothing == 0.1)
    #expect(recipe.augment == Augmentation([.init("flip"), .init("color", 0.25)]))
    let nesterov = try parse("optimizer: {name: sgd, nesterov: true, momentum: 0.8}")
    #expect(nesterov.optimizer.options == ["nesterov": 1, "momentum": 0.8])
    for each in [recipe, nesterov, try parse("optimizer: adamw"), try parse("augment: false")] {
      #expect(try Recipe.parse(yaml: each.yaml, folder: "/") == each)
    }
    for (keys, fragment) in [
      ("optimizer: adamv", "got “adamv”; did you mean “adamw”?"),
      ("optimizer: {name: adamw, momentum: 0.9}", "unknown key “momentum”"),
      (
        "optimizer: {name: adamw, beta1: 2}",
        "beta1: expected a number from 0.0 to 0.999999, got “2”"
      ),
      ("optimizer: adamw\nmomentum: 0.9", "momentum: is sgd's"),
      ("augment: [crop, crop]", "“crop” stands twice"),
      ("augment: [{crop: 3}]", "“crop” takes no number"),
      ("augment: [clor]", "got “clor”; did you mean “color”?"),
      ("augment: [{color: 2}]", "augment.color: expected a number from 0.0 to 1.0"),
    ] {
      let error = #expect(throws: RecipeError.self) { try parse(keys) }
      #expect(error?.problem.contains(fragment) == true, "\(String(describing: error))")
    }
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
    ("methods: [jigsaw]\nobjective: self-supervised\nlabel-smoothing: 0.1", "needs targets"),
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
