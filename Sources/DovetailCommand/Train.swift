import ArgumentParser
import Dovetail
import Foundation

struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train networks as a recipe says, recombine them, print how well that works.",
    discussion: """
      A recipe is a YAML file; what is left out has a default (paths start at its folder):

        tasks:
          - {name: cifar10, dataset: cifar10, path: data/cifar-10-batches-bin}
          - {name: pets, dataset: folder, path: data/pets, synonyms: {car: automobile}}
        image-size: 32
        architecture: {name: resnet, depth: 8, split: stage2}
        methods: [identical-initial-weights, rotation-prediction, common-classes]
        scheme: joint          # or incremental: tasks in their order
        steps: 500             # minibatches of each task
        batch: 64
        learning-rate: 0.1
        seed: 0
        validation: 0          # this fraction of each training set, held out for choices

      methods: [] trains the networks independently. Data sets: cifar10, cifar100, stl10, folder \
      (train/<class>/*.JPEG and test/<class>/*.JPEG), made-up-ink, made-up-neon.
      """)

  @Argument(help: "The recipe, a YAML file.") var recipe: String
  @Option(help: ArgumentHelp("Directory for components and results.", valueName: "dir"))
  var output: String?
  @OptionGroup var device: DeviceOption
  @Option(help: "Overrides the recipe's seed.") var seed: Int?
  @Option(help: "Overrides the recipe's steps.") var steps: Int?
  @OptionGroup var json: JSONOption
  @Flag(help: "No progress, only the results.") var quiet = false

  func validate() throws {
    if let seed, seed < 0 { throw ValidationError("--seed: expected 0 or more, got \(seed)") }
    if let steps, steps < 0 { throw ValidationError("--steps: expected 0 or more, got \(steps)") }
  }

  func run() throws {
    try ExitStatus.reporting {
      var recipe = try Self.read(self.recipe)
      if let seed { recipe.seed = UInt64(seed) }
      if let steps { recipe.steps = steps }
      let directory = output.map { RunDirectory($0) }
      try directory?.check(for: recipe)
      try json.check()
      let backend = try device.open()
      let datasets = try recipe.loadDatasets()
      let line = ProgressLine("training", isQuiet: quiet)
      let results = try Run.train(
        recipe, datasets: datasets, directory: directory, on: backend, clock: Console.seconds,
        progress: line.show)
      try json.write(results)
      if !json.takesStdout {
        Console.print(ResultTable.text(results))
        Console.print(
          "\n\(Format.duration(results.seconds)), \(Int(results.imagesPerSecond)) images/s"
            + (output.map { "; components in \($0)/components" } ?? ""))
      }
    }
  }

  static func read(_ path: String) throws -> Recipe {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw InputMissing(description: "\(path): no such recipe, or it cannot be read")
    }
    let folder = URL(fileURLWithPath: path).standardizedFileURL.deletingLastPathComponent().path
    do {
      return try Recipe.parse(yaml: String(decoding: data, as: UTF8.self), folder: folder)
    } catch {
      throw RecipeError(line: error.line, "\(path): \(error.problem)")
    }
  }
}
