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

  struct Wrong: Sendable, CustomTestStringConvertible {
    let yaml: String
    let line: Int?
    let problem: String
    var testDescription: String { problem }

    /// - Parameter yaml: comes behind a line of valid tasks.
    init(after yaml: String, line: Int? = 2, _ problem: String) {
      self.init("tasks: [{dataset: made-up-ink}, {dataset: made-up-neon}]\n" + yaml, line, problem)
    }

    init(_ yaml: String, _ line: Int?, _ problem: String) {
      (self.yaml, self.line, self.problem) = (yaml, line, problem)
    }
  }

  static let wrong: [Wrong] = [
    Wrong("", nil, "is empty; expected at least tasks"),
    Wrong("just text", 1, "the recipe: expected keys and values, got something else"),
    Wrong("tasks: [", 2, "it is not valid YAML"),
    Wrong("steps: 5", 1, "the recipe: the key “tasks” is missing"),
    Wrong("tasks: []", nil, "tasks: at least one is needed"),
    Wrong("tasks: cifar10", 1, "tasks: expected a list, got “cifar10”"),
    Wrong("tasks:\n  - cifar10", 2, "a task: expected keys and values"),
    Wrong("tasks:\n  - {name: a}", 2, "a task: the key “dataset” is missing"),
    Wrong(
      "tasks: [{dataset: cifar1O, path: x}]", 1,
      "dataset: expected one of cifar10, cifar100, stl10, folder, images, made-up-ink, made-up-neon, "
        + "got “cifar1O”; did you mean “cifar10”?"),
    Wrong("tasks: [{dataset: cifar10}]", nil, "task cifar10: the dataset cifar10 needs a path"),
    Wrong(
      "tasks: [{dataset: made-up-ink, path: x}]", 1,
      "path: made-up-ink is drawn by code, it has no path"),
    Wrong(
      "tasks: [{dataset: made-up-ink, nmae: x}]", 1,
      "a task: unknown key “nmae”; did you mean “name”?"),
    Wrong(
      "tasks: [{dataset: made-up-ink, name: ../x}]", 1,
      "name: expected letters, digits, “-”, “_”, “.”, got “../x”"),
    Wrong(
      "tasks: [{dataset: made-up-ink, name: x}, {dataset: made-up-neon, name: x}]", nil,
      "tasks: the name “x” stands twice; names must differ"),
    Wrong(
      "tasks: [{dataset: made-up-ink, test: 0.2}]", 1,
      "test: is for dataset: folder, made-up-ink has test images of its own"),
    Wrong(
      "tasks: [{dataset: made-up-ink, synonyms: car}]", 1,
      "synonyms: expected a mapping such as {car: automobile}, got “car”"),
    Wrong(
      after: "learning_rate: 0.1",
      "the recipe: unknown key “learning_rate”; did you mean “learning-rate”?"),
    Wrong(after: "quux: 1", "the recipe: unknown key “quux”; known keys: image-size, tasks"),
    Wrong(after: "steps: 1\nsteps: 2", line: 2, "a key may stand only once in a mapping"),
    Wrong(after: "steps: many", "steps: expected a whole number from 0 to 100000000, got “many”"),
    Wrong(after: "steps: -1", "steps: expected a whole number from 0 to 100000000, got “-1”"),
    Wrong(after: "steps: 1.5", "steps: expected a whole number from 0 to 100000000, got “1.5”"),
    Wrong(after: "steps: \"5\"", "steps: expected a whole number from 0 to 100000000, got “5”"),
    Wrong(after: "batch: 1", "batch: expected a whole number from 2 to 65536, got “1”"),
    Wrong(after: "batch: [64]", "batch: expected a whole number from 2 to 65536, got a list"),
    Wrong(after: "learning-rate: fast", "learning-rate: expected a number from 0.0 to 1000.0"),
    Wrong(after: "learning-rate: .nan", "learning-rate: expected a number from 0.0 to 1000.0"),
    Wrong(after: "momentum: 1.1", "momentum: expected a number from 0.0 to 1.0, got “1.1”"),
    Wrong(after: "weight-decay: -1", "weight-decay: expected a number from 0.0 to 1.0, got “-1”"),
    Wrong(after: "warmup: 2", "warmup: expected a number from 0.0 to 1.0, got “2”"),
    Wrong(after: "validation: 1", "validation: expected a number from 0.0 to 0.9, got “1”"),
    Wrong(after: "augment: maybe", "augment: expected true, false or a list of crop, flip, color"),
    Wrong(after: "seed: -3", "seed: expected a whole number from 0"),
    Wrong(
      after: "schedule: cosin",
      "schedule: expected one of cosine, steps, constant, got “cosin”; did you mean “cosine”?"),
    Wrong(
      after: "scheme: both", "scheme: expected one of joint, incremental, got “both”"),
    Wrong(after: "methods: rotation-prediction", "methods: expected a list"),
    Wrong(
      after: "methods: [rotation]",
      "methods: expected one of identical-initial-weights, rotation-prediction, jigsaw, common-classes"
    ),
    Wrong(
      after: "methods: [rotation-prediction, rotation-prediction]",
      "methods: “rotation-prediction” stands twice"),
    Wrong(
      after: "methods: [rotation-prediction]\nown-rotation-head: true", line: nil,
      "own-rotation-head gives each task its own head, rotation-prediction shares one"),
    Wrong(
      "tasks: [{dataset: made-up-ink}]\nmethods: [common-classes]", nil,
      "methods: common-classes needs at least two tasks"),
    Wrong(after: "image-size: 30", line: nil, "image-size: expected a multiple of 4, got 30"),
    Wrong(after: "image-size: 4", "image-size: expected a whole number from 8 to 512, got “4”"),
    Wrong(
      after: "architecture: {depth: 10}",
      "depth: a ResNet's depth is 6n + 2 (8, 14, 20, 32, 44, 56, …), got 10; "
        + "the nearest are 8 and 14"),
    Wrong(
      after: "architecture: {name: vgg}",
      "name: expected one of resnet, wide-resnet, imagenet-resnet, mobilenet-v2"),
    Wrong(
      after: "architecture: {name: wide-resnet, depth: 56}",
      "depth: a Wide ResNet's depth is 6n + 4 (10, 16, 22, 34, 46, 58, …), got 56"),
    Wrong(
      after: "architecture: {width: 1.5}",
      "width: a resnet's width is a whole number from 1 to 32, got 1.5"),
    Wrong(
      after: "architecture:\n  name: mobilenet-v2\n  depth: 28", line: 4,
      "depth: MobileNetV2 has 53 layers and no choice, got 28; leave it out"),
    Wrong(
      after: "architecture: {name: mobilenet-v2, split: stage2}",
      "split: expected one of block1, block2, block3"),
    Wrong(
      after: "architecture: {adapter: 65}",
      "adapter: has at most the 64 channels of the ResNet's next stage"),
    Wrong(
      after: "architecture: {resolution: small}",
      "resolution: is ImageNet ResNet's and MobileNetV2's alone, a resnet"),
    Wrong(
      after: "architecture: {name: imagenet-resnet, depth: 20}",
      "depth: an ImageNet ResNet's depth is 18, 34, 50 or 101, got 20"),
    Wrong(
      after: "architecture: {name: imagenet-resnet, width: 2}",
      "width: an imagenet-resnet has none, got 2; leave it out"),
    Wrong(
      after: "architecture: {name: imagenet-resnet, split: stage5}",
      "split: expected one of stage1, stage2, stage3, stage4, got “stage5”"),
    Wrong(
      after: "image-size: 72\narchitecture: {name: imagenet-resnet}", line: nil,
      "image-size: expected a multiple of 16, got 72"),
    Wrong(
      after: "image-size: 64\nresize: 56", line: nil,
      "resize: the shorter side is resized to 56 pixels, which is less than the image's 64 that are "
        + "cut out of it"),
    Wrong(
      after: "resize-filter: bicubic", "resize-filter: is for resize, which is 0; leave it out"),
    Wrong(
      after: "architecture: {split: stage4}",
      "split: expected one of stage1, stage2, stage3, got “stage4”; did you mean"),
    Wrong(
      after: "architecture:\n  depht: 8", line: 3,
      "architecture: unknown key “depht”; did you mean “depth”?"),
  ]

  @Test(arguments: wrong) func saysWhatIsWrongAndWhere(_ example: Wrong) {
    let error = #expect(throws: RecipeError.self) {
      try Recipe.parse(yaml: example.yaml, folder: "/")
    }
    #expect(error?.problem.hasPrefix(example.problem) == true, "\(error!)")
    #expect(error?.line == example.line, "\(error!)")
    #expect(
      error?.description.hasPrefix(example.line.map { "recipe, line \($0): " } ?? "recipe: ")
        == true)
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
