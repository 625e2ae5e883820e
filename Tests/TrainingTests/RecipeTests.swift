import Autograd
import Components
import Datasets
import Networks
import Recipes
import Tensors
import Testing
import Training

@Suite struct RecipeTests {
  @Test func whatIsLeftOutHasItsDefault() throws {
    let recipe = try Recipe.parse(yaml: "tasks: [{dataset: made-up-ink}]", folder: "/r")
    var expected = Recipe(tasks: [TaskRecipe(name: "made-up-ink", dataset: .syntheticInk)])
    #expect(recipe == expected)
    expected.imageSize = 32
    expected.architecture = Architecture(depth: 8, split: .stage2)
    expected.methods = []
    expected.ownRotationHead = false
    expected.scheme = .joint
    expected.steps = 500
    expected.batchSize = 128
    expected.learningRate = 0.1
    expected.momentum = 0.9
    expected.weightDecay = 1e-4
    expected.schedule = .cosine
    expected.warmup = 0.05
    expected.augment = true
    expected.seed = 0
    expected.validation = 0
    #expect(recipe == expected)
  }

  @Test func whatApplicationsNeedIsReadAndWritten() throws {
    let recipe = try Recipe.parse(
      yaml: """
        tasks:
          - name: server
            dataset: cifar10
            path: data
            classes: [cat, dog]
            architecture: {name: resnet, depth: 14, width: 2, adapter: 32}
            extractor: s.safetensors
            head: /heads/h.safetensors
        architecture: {name: resnet, adapter: 32}
        objective: self-supervised
        methods: [rotation-prediction]
        shared-head: true
        auxiliary-heads: [r.safetensors]
        frozen: [auxiliary-heads, heads]
        schedule: constant
        evaluate-at: [0, 1, 20]
        """, folder: "/r")
    #expect(recipe.objective == .selfSupervised && recipe.sharedHead)
    #expect(recipe.tasks[0].classes == ["cat", "dog"])
    #expect(
      recipe.tasks[0].architecture == Architecture(depth: 14, width: 2, split: .stage2, adapter: 32)
    )
    #expect(recipe.tasks[0].extractor == "/r/s.safetensors")
    #expect(recipe.tasks[0].head == "/heads/h.safetensors")
    #expect(recipe.auxiliaryHeads == ["/r/r.safetensors"])
    #expect(recipe.frozen == [.auxiliaryHeads, .heads])
    #expect(recipe.schedule == .constant && recipe.evaluateAt == [0, 1, 20])
    #expect(try Recipe.parse(yaml: recipe.yaml, folder: "/elsewhere") == recipe)
  }

  @Test(arguments: [
    ("objective: self-supervised", "looks at no labels"),
    ("objective: self-supervised\nmethods: [common-classes]", "looks at no labels"),
    ("frozen: [extractors, heads]", "nothing is left"),
    ("frozen: [extractors, heads, auxiliary-heads]\nmethods: [jigsaw]", "nothing is left"),
    ("objective: self-supervised\nmethods: [jigsaw]\nfrozen: [extractors]", "changes nothing"),
    ("evaluate-at: [5, 5]", "ascending"),
    ("architecture: {name: resnet, adapter: 48}", "take 48"),
  ])
  func whatCannotBeDoneIsRefused(_ keys: String, _ fragment: String) {
    let error = #expect(throws: RecipeError.self) {
      try Recipe.parse(
        yaml: """
          tasks:
            - {name: a, dataset: made-up-ink, architecture: {name: resnet, depth: 14}}
            - {name: b, dataset: made-up-neon}
          \(keys)
          """, folder: "/r")
    }
    #expect(error?.problem.contains(fragment) == true, "\(String(describing: error))")
  }

  @Test func everyKeyIsRead() throws {
    let recipe = try Recipe.parse(
      yaml: """
        tasks:
          - {name: one, dataset: cifar10, path: ../data/c10, synonyms: {automobile: car}}
          - name: two
            dataset: folder
            path: /absolute/./tin10
        image-size: 16
        architecture: {name: resnet, depth: 14, split: stage1}
        methods: [common-classes, identical-initial-weights]
        own-rotation-head: true
        scheme: incremental
        steps: 7
        batch: 3
        learning-rate: 1e-2
        momentum: 0
        weight-decay: 5e-4
        schedule: steps
        warmup: 0.5
        augment: false
        seed: 9007199254740993
        validation: 0.25
        evaluate-every: 2
        """, folder: "/home/recipes")
    #expect(
      recipe.tasks == [
        TaskRecipe(
          name: "one", dataset: .cifar10, path: "/home/data/c10", synonyms: ["automobile": "car"]),
        TaskRecipe(name: "two", dataset: .folder, path: "/absolute/tin10"),
      ])
    #expect(recipe.imageSize == 16)
    #expect(recipe.architecture == Architecture(depth: 14, split: .stage1))
    #expect(recipe.methods == [.commonClasses, .identicalInitialWeights])
    #expect(recipe.ownRotationHead && recipe.scheme == .incremental && recipe.augment == .none)
    #expect(recipe.steps == 7 && recipe.batchSize == 3 && recipe.seed == 9_007_199_254_740_993)
    #expect(recipe.learningRate == 0.01 && recipe.momentum == 0 && recipe.weightDecay == 5e-4)
    #expect(recipe.schedule == .steps && recipe.warmup == 0.5)
    #expect(recipe.validation == 0.25 && recipe.evaluateEvery == 2)
  }

  @Test func theEffectiveRecipeReadsBackAsItself() throws {
    var recipe = Recipe(tasks: [
      TaskRecipe(
        name: "a", dataset: .folder, path: "/x/“y” \"z\" \\ #: {é}\n\t\u{7F}\u{85}\u{2028}",
        synonyms: ["car": "automobile", "a: b": "yes", "1": "null"]),
      TaskRecipe(name: "1.5", dataset: .syntheticNeon),
    ])
    recipe.methods = CompatibilityMethod.paper
    recipe.learningRate = 1e-7
    recipe.weightDecay = 0.1 + 0.2
    recipe.seed = UInt64(Int.max)
    recipe.scheme = .incremental
    recipe.schedule = .steps
    #expect(try Recipe.parse(yaml: recipe.yaml, folder: "/elsewhere") == recipe)
    #expect(try Recipe.parse(yaml: recipe.yaml, folder: "/").yaml == recipe.yaml)
    for demo in [DemoRecipes.independent(seed: 3), DemoRecipes.compatible(seed: 3)] {
      #expect(try Recipe.parse(yaml: demo.yaml, folder: "/") == demo)
    }
  }

  static func architecture(_ yaml: String, imageSize: Int = 32) throws -> Architecture {
    try Recipe.parse(
      yaml: "tasks: [{dataset: made-up-ink}]\nimage-size: \(imageSize)\narchitecture: \(yaml)",
      folder: "/"
    ).architecture
  }

  @Test func everyArchitectureIsRead() throws {
    #expect(
      try Self.architecture("{name: wide-resnet, depth: 16, width: 4, split: stage1}")
        == Architecture(name: .wideResNet, depth: 16, width: 4, split: .stage1))
    #expect(
      try Self.architecture("{depth: 56, width: 2, adapter: 64}")
        == Architecture(depth: 56, width: 2, adapter: 64))
    #expect(try Self.architecture("{name: mobilenet-v2}") == Architecture(name: .mobileNetV2))
    #expect(
      try Self.architecture("{name: mobilenet-v2, width: 0.5, split: block4, adapter: 24}")
        == Architecture(name: .mobileNetV2, width: 0.5, split: .block(4), adapter: 24))
  }

  /// Its strides are those for the recipe's images, unless said otherwise.
  @Test func mobileNetsResolutionFollowsTheImageSize() throws {
    let yaml = "{name: mobilenet-v2}"
    #expect(try Self.architecture(yaml, imageSize: 60).resolution == .small)
    #expect(try Self.architecture(yaml, imageSize: 64).resolution == .standard)
    #expect(
      try Self.architecture("{name: mobilenet-v2, resolution: small}", imageSize: 64).resolution
        == .small)
  }

  @Test(arguments: [
    Architecture(depth: 56, width: 2, split: .stage1, adapter: 32),
    Architecture(name: .wideResNet, depth: 10, width: 1),
    Architecture(name: .mobileNetV2, width: 1.4, split: .block(17), adapter: 64),
    Architecture(name: .mobileNetV2, resolution: .standard),
  ])
  func architecturesReadBackAsThemselves(_ architecture: Architecture) throws {
    for size in [32, 64] {
      var recipe = Recipe(tasks: [TaskRecipe(name: "a", dataset: .syntheticInk)])
      recipe.architecture = architecture
      recipe.imageSize = size
      #expect(try Recipe.parse(yaml: recipe.yaml, folder: "/") == recipe)
    }
  }

  @Test func commonClassesNeedTwoClassesInCommon() {
    let recipe = Tiny.recipe { $0.methods = [.commonClasses] }
    let error = #expect(throws: RecipeError.self) {
      try Tiny.trainer(
        recipe, [Tiny.dataset(["cat", "dog"]), Tiny.dataset(["cat", "automobile"])])
    }
    #expect(
      error?.problem == "methods: common-classes needs at least two classes that tasks share, "
        + "found 1; check synonyms")
  }

  @Test func aFolderMayHoldOutTestImages() throws {
    let recipe = try Recipe.parse(
      yaml: "tasks: [{dataset: folder, path: d, test: 0.2}]", folder: "/home")
    #expect(recipe.tasks[0].test == 0.2)
    #expect(try Recipe.parse(yaml: recipe.yaml, folder: "/") == recipe)
  }

  @Test func synonymsJoinClassesAndWrongOnesAreNamed() throws {
    var recipe = Tiny.recipe { $0.methods = [.commonClasses] }
    let datasets = [Tiny.dataset(["cat", "car"]), Tiny.dataset(["automobile", "cat"])]
    recipe.tasks[0].synonyms = ["car": "automobile"]
    #expect(try Tiny.trainer(recipe, datasets).classMap.common == ["automobile", "cat"])
    recipe.tasks[0].synonyms = ["cra": "automobile"]
    let error = #expect(throws: RecipeError.self) { try Tiny.trainer(recipe, datasets) }
    #expect(error?.problem.contains("there is no class “cra”") == true)
  }

  @Test func aValidationPartHasToLeaveTrainingImages() {
    let recipe = Tiny.recipe(tasks: 1) { $0.validation = 0.9 }
    let error = #expect(throws: RecipeError.self) {
      try Tiny.trainer(recipe, [Tiny.dataset(["cat", "dog"], train: 2)])
    }
    #expect(
      error?.problem
        == "validation: 0.9 of the 2 training images of task a leaves none to train on")
  }
}
