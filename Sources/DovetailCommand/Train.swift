import ArgumentParser
import Dovetail
import Foundation

struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train networks as a recipe says, recombine them, print how well that works.",
    discussion: """
      A recipe is a YAML file. Only tasks must be given; paths start at its folder:

        tasks:
          - {name: cifar10, dataset: cifar10, path: cifar-10-batches-bin}
          - {name: pets, dataset: folder, path: pets}
        image-size: 32
        architecture: {name: resnet, depth: 8, split: stage2}
        methods:               # [] trains the networks independently
          - identical-initial-weights
          - rotation-prediction
          - common-classes
        scheme: joint          # or incremental: tasks in their order
        steps: 500             # minibatches of each task
        batch: 64
        learning-rate: 0.1
        seed: 0
        validation: 0          # fraction of the training images held out

      Data sets: cifar10, cifar100 and stl10 (the binary versions), folder \
      (train/<class>/*.JPEG and test/<class>/*.JPEG), made-up-ink and made-up-neon (drawn by \
      code, no path). Classes are common where their names are equal; where they are not, give \
      the task synonyms: {car: automobile}.

      A first try that needs no data:

        printf 'tasks: [{dataset: made-up-ink}, {dataset: made-up-neon}]' > try.yaml
        dovetail train try.yaml --steps 20 --output runs/try
        dovetail evaluate runs/try
      """)

  @Argument(help: "The recipe, a YAML file.") var recipe: String
  @Option(help: ArgumentHelp("Directory for components and results.", valueName: "dir"))
  var output: String?
  @OptionGroup var device: DeviceOption
  @Option(help: "Overrides the recipe's seed.") var seed: Int?
  @Option(help: "Overrides the recipe's steps.") var steps: Int?
  @OptionGroup var json: JSONOption
  @OptionGroup var log: LogOptions

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
      try log.describe(recipe, datasets)
      let line = ProgressLine("training", log)
      let results = try Run.train(
        recipe, datasets: datasets, directory: directory, on: backend, clock: Console.seconds,
        startTime: Console.secondsSince1970(), progress: line.show)
      try json.write(results)
      if !json.takesStdout {
        Console.print(ResultTable.text(results))
        if let output { Console.print("Components: \(output)/components") }
      }
    }
  }

  static func read(_ path: String) throws -> Recipe {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw InputMissing(
        description: "\(path): there is no such recipe, or it cannot be read; "
          + "dovetail train --help shows how to write one")
    }
    let folder = URL(fileURLWithPath: path).standardizedFileURL.deletingLastPathComponent().path
    do {
      return try Recipe.parse(yaml: String(decoding: data, as: UTF8.self), folder: folder)
    } catch {
      throw RecipeFileError(path: path, error: error)
    }
  }
}

/// A recipe error with the file that it is in.
struct RecipeFileError: Error, CustomStringConvertible {
  let path: String
  let error: RecipeError

  var description: String {
    "\(path)\(error.line.map { ", line \($0)" } ?? ""): \(error.problem)"
  }
}
