import Recipes
import Testing

/// What is wrong in a recipe is said, and where.
@Suite struct RecipeErrorTests {
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
    Wrong("just text", 1, "the recipe: expected keys and values, got “just text”"),
    Wrong("tasks: [", 2, "it is not valid YAML"),
    Wrong("steps: 5", 1, "the recipe: the key “tasks” is missing"),
    Wrong("tasks: []", nil, "tasks: at least one is needed"),
    Wrong("tasks: cifar10", 1, "tasks: expected a list, got “cifar10”"),
    Wrong("tasks:\n  - cifar10", 2, "a task: expected keys and values, got “cifar10”"),
    Wrong(
      after: "architecture: resnet-8",
      "architecture: expected keys and values, such as {name: resnet, depth: 8}, got “resnet-8”"),
    Wrong(after: "architecture:\n\tdepth: 8", line: 3, "a tab, perhaps, where YAML wants blanks"),
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
    Wrong(
      after: "augment: maybe",
      "augment: expected true, false or a list of crop, resized-crop, flip, color, erase"),
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
      "methods: common-classes needs at least two tasks, or the common-classes head"),
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
}
