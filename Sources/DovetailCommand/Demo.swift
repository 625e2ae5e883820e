import ArgumentParser
import Dovetail
import Foundation

struct Demo: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "See it work on synthetic images, in about a minute.",
    discussion: """
      Trains a pair of networks as usual and a pair with all three methods (identical initial \
      weights, a shared rotation head, a shared common-classes head), on two domains of ten \
      classes each that are drawn by code. Then puts each network's extractor under the other's \
      head, with no fine-tuning, and prints the accuracy, and what four of the images are taken \
      for. Needs no data and no OpenCL.

      With --output the components of each pair are written as safetensors files, and a page, \
      report.html; measure the components again with dovetail evaluate:

        dovetail demo --output runs/demo
        dovetail evaluate runs/demo/compatible
      """)

  @OptionGroup var device: DeviceOption
  @Option(help: "Seed of weights, order and augmentation.") var seed = 0
  @Option(help: ArgumentHelp("Directory for components, results and a page.", valueName: "dir"))
  var output: String?
  @Flag(help: "Train again where the output directory holds runs; what they hold is lost.")
  var overwrite = false
  @OptionGroup var json: JSONOption
  @OptionGroup var log: LogOptions

  func validate() throws {
    if seed < 0 { throw ValidationError("--seed: expected 0 or more, got \(seed)") }
  }

  struct Results: Encodable {
    let independent: RunResults
    let compatible: RunResults
  }

  func run() throws {
    try ExitStatus.reporting {
      let recipes = (
        independent: DemoRecipes.independent(seed: UInt64(seed)),
        compatible: DemoRecipes.compatible(seed: UInt64(seed))
      )
      // Pictures go through the networks at the end: without a directory to keep them, one for now.
      let passing = FileManager.default.temporaryDirectory
        .appendingPathComponent("dovetail-demo-\(UUID().uuidString)").path
      let folder = output ?? passing
      defer { if output == nil { try? FileManager.default.removeItem(atPath: passing) } }
      let directories = (
        independent: RunDirectory("\(folder)/independent"),
        compatible: RunDirectory("\(folder)/compatible")
      )
      try directories.independent.check(for: recipes.independent, overwrites: overwrite)
      try directories.compatible.check(for: recipes.compatible, overwrites: overwrite)
      try json.check()
      let backend = try device.open()
      let datasets = try Waiting.note("drawing images", quiet: log.quiet) {
        try recipes.independent.loadDatasets()
      }
      KernelWarmUp.run(recipes.compatible, datasets, on: backend)
      func train(_ name: String, _ recipe: Recipe, _ directory: RunDirectory) throws -> RunResults {
        try log.describe(recipe, datasets)
        let line = ProgressLine(name, log)
        return try Run.train(
          recipe, datasets: datasets, directory: directory, on: backend,
          startTime: Console.secondsSince1970(),
          control: RunControl(overwrites: overwrite, log: { Console.log("dovetail: \($0)") }),
          progress: line.show)
      }
      say(DemoText.before)
      let independent = try train("as usual", recipes.independent, directories.independent)
      say(DemoText.between)
      let compatible = try train("compatible", recipes.compatible, directories.compatible)
      let results = Results(independent: independent, compatible: compatible)
      let pictures = try DemoPictures.all(
        recipes.independent, datasets, independent: directories.independent,
        compatible: directories.compatible, on: backend)
      try json.write(results)
      if let output {
        try DemoReport.of(results, pictures, device: backend.deviceDescription).write(to: output)
      }
      if !json.takesStdout {
        Console.print(DemoText.text(results, pictures, output: output))
      }
    }
  }

  private func say(_ text: String) {
    if !log.quiet { Console.log(text) }
  }
}
