import ArgumentParser
import Dovetail

struct Demo: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "See it work: two pairs of networks on made-up images, about a minute.",
    discussion: """
      Trains a pair of networks as usual and a pair with all three methods (identical initial \
      weights, a shared rotation head, a shared common-classes head), on two domains of ten \
      classes each that are drawn by code. Then puts each network's extractor under the other's \
      head, with no fine-tuning, and prints the accuracy. With --output the components of each \
      pair are written as safetensors files under DIR/independent and DIR/compatible.
      """)

  @OptionGroup var device: DeviceOption
  @Option(help: "Seed of weights, order and augmentation.") var seed = 0
  @Option(help: ArgumentHelp("Directory for components and results.", valueName: "dir"))
  var output: String?
  @OptionGroup var json: JSONOption
  @Flag(help: "No progress, only the results.") var quiet = false

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
      try directory("independent")?.check(for: recipes.independent)
      try directory("compatible")?.check(for: recipes.compatible)
      try json.check()
      let backend = try device.open()
      let datasets = try recipes.independent.loadDatasets()
      func train(_ name: String, _ recipe: Recipe) throws -> RunResults {
        let line = ProgressLine(name, isQuiet: quiet)
        return try Run.train(
          recipe, datasets: datasets, directory: directory(name), on: backend,
          clock: Console.seconds, progress: line.show)
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
    var lines = [
      "Two domains of made-up images, ten classes each, nine in common.", "",
      ResultTable.row(["accuracy", "independent", "compatible"]),
    ]
    for (own, compatible) in zip(a.tasks, b.tasks) {
      lines.append(
        ResultTable.row([
          "\(own.name), own network", Format.percent(own.ownAccuracyOnCommonClasses),
          Format.percent(compatible.ownAccuracyOnCommonClasses),
        ]))
    }
    for (own, compatible) in zip(a.recombinations, b.recombinations) {
      lines.append(
        ResultTable.row([
          "\(own.extractor) extractor + \(own.head) head", Format.percent(own.accuracy),
          Format.percent(compatible.accuracy),
        ]))
    }
    lines += [
      ResultTable.row([
        "recombined, mean", Format.percent(a.recombinationAccuracy),
        Format.percent(b.recombinationAccuracy),
      ]),
      ResultTable.row([
        "chance", Format.percent(a.recombinations.first?.chance),
        Format.percent(b.recombinations.first?.chance),
      ]),
      ResultTable.row([
        "training", Format.duration(a.seconds), Format.duration(b.seconds),
      ]), "",
      "Recombined means: one network's feature extractor under the other's head, no fine-tuning,",
      "on the test images of the nine common classes (\(a.recombinations.first?.images ?? 0) each).",
    ]
    if let output {
      lines.append("Components: \(output)/independent/components, \(output)/compatible/components")
    }
    Console.print(lines.joined(separator: "\n"))
  }
}
