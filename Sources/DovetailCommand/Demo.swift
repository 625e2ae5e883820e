import ArgumentParser
import Dovetail

struct Demo: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "See it work on synthetic images, in about a minute.",
    discussion: """
      Trains a pair of networks as usual and a pair with all three methods (identical initial \
      weights, a shared rotation head, a shared common-classes head), on two domains of ten \
      classes each that are drawn by code. Then puts each network's extractor under the other's \
      head, with no fine-tuning, and prints the accuracy. Needs no data and no OpenCL.

      With --output the components of each pair are written as safetensors files; measure them \
      again with dovetail evaluate:

        dovetail demo --output runs/demo
        dovetail evaluate runs/demo/compatible
      """)

  @OptionGroup var device: DeviceOption
  @Option(help: "Seed of weights, order and augmentation.") var seed = 0
  @Option(help: ArgumentHelp("Directory for components and results.", valueName: "dir"))
  var output: String?
  @Flag(help: "Train again where the output directory holds runs; what they hold is lost.")
  var overwrite = false
  @OptionGroup var json: JSONOption
  @OptionGroup var log: LogOptions

  func validate() throws {
    if seed < 0 { throw ValidationError("--seed: expected 0 or more, got \(seed)") }
  }

  private struct Results: Encodable {
    let independent: RunResults
    let compatible: RunResults
  }

  func run() throws {
    try ExitStatus.reporting {
      let recipes = (
        independent: DemoRecipes.independent(seed: UInt64(seed)),
        compatible: DemoRecipes.compatible(seed: UInt64(seed))
      )
      func directory(_ name: String) -> RunDirectory? {
        output.map { RunDirectory("\($0)/\(name)") }
      }
      try directory("independent")?.check(
        for: recipes.independent, overwrites: overwrite)
      try directory("compatible")?.check(for: recipes.compatible, overwrites: overwrite)
      try json.check()
      let backend = try device.open()
      let datasets = try recipes.independent.loadDatasets()
      KernelWarmUp.run(recipes.compatible, datasets, on: backend)
      func train(_ name: String, _ recipe: Recipe) throws -> RunResults {
        try log.describe(recipe, datasets)
        let line = ProgressLine(name, log)
        return try Run.train(
          recipe, datasets: datasets, directory: directory(name), on: backend,
          startTime: Console.secondsSince1970(),
          control: RunControl(overwrites: overwrite, log: { Console.log("dovetail: \($0)") }),
          progress: line.show)
      }
      let results = Results(
        independent: try train("independent", recipes.independent),
        compatible: try train("compatible", recipes.compatible))
      try json.write(results)
      if !json.takesStdout { print(results) }
    }
  }

  private func print(_ results: Results) {
    let (a, b) = (results.independent, results.compatible)
    func row(_ name: String, _ value: (RunResults) -> String) -> [String] {
      [name, value(a), value(b)]
    }
    var rows = [["accuracy, common classes", "independent", "compatible"]]
    for index in a.tasks.indices {
      rows.append(
        row("\(a.tasks[index].name), own network") {
          Format.percent($0.tasks[index].ownAccuracyOnCommonClasses)
        })
    }
    for (index, pair) in a.recombinations.enumerated() {
      rows.append(
        row("\(pair.extractor) extractor, \(pair.head) head") {
          Format.percent($0.recombinations[index].accuracy)
        })
    }
    rows += [
      row("recombined, mean") { Format.percent($0.recombinationAccuracy) },
      row("chance") { Format.percent($0.recombinations.first?.chance) },
      row("images, each direction") { "\($0.recombinations.first?.images ?? 0)" },
      row("training") { Format.duration($0.seconds) },
    ]
    let chance = Format.percent(a.recombinations.first?.chance)
    var lines = [
      "Two domains of synthetic images, ten classes each, nine in common; a network for each.", "",
    ]
    lines += ResultTable.aligned(rows)
    lines += [
      "",
      "What it means: one network's feature extractor under the other's head, with no fine-tuning,",
      "names \(Format.percent(a.recombinationAccuracy)) of the images rightly where the networks "
        + "were trained as usual, and",
      "\(Format.percent(b.recombinationAccuracy)) where they were trained to be compatible; "
        + "guessing gives \(chance).",
      "",
      "Device: \(a.device)",
      output.map { "Components: \($0)/independent/components, \($0)/compatible/components" }
        ?? "Components: not kept; --output DIR writes them",
    ]
    Console.print(lines.joined(separator: "\n"))
  }
}
