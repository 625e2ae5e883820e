import ArgumentParser
import Dovetail

struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Load the components of a run from their files and measure them again.",
    discussion: """
      DIR is what dovetail train --output (or one half of what dovetail demo --output) wrote. The \
      data sets are read again from where its recipe.yaml says. On the device of the training the \
      figures are the same, to the last digit; seconds and images/s are the training's.

        dovetail train recipe.yaml --output runs/first
        dovetail evaluate runs/first --json figures.json

      Data that moved together with the run are found; where they moved elsewhere:

        dovetail evaluate runs/first --data pets=folder:new/place/pets
      """)

  @Argument(help: ArgumentHelp("The run's directory.", valueName: "dir")) var directory: String
  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "Where a task's data are now; may stand several times.", valueName: "task=kind:path"),
    transform: TaskData.read)
  var data: [TaskData] = []
  @Flag(help: "Print the accuracy on the images of each class, the worst first.")
  var perClass = false
  @OptionGroup var device: DeviceOption
  @OptionGroup var json: JSONOption

  func run() throws {
    try ExitStatus.reporting {
      try json.check()
      // The files first: a wrong directory is found before a device is opened.
      let recipe = try RunDirectory(directory).read().recipe
      for moved in data where !recipe.tasks.contains(where: { $0.name == moved.task }) {
        throw ValidationError(
          "--data \(moved.task)=…: the run has no such task; it has "
            + recipe.tasks.map(\.name).joined(separator: ", "))
      }
      let backend = try device.open()
      let results = try Waiting.note("measuring the components") {
        try Run.evaluate(RunDirectory(directory), on: backend, datasets: load)
      }
      try json.write(results)
      if !json.takesStdout {
        Console.print(ResultTable.text(results))
        if perClass { Console.print(ClassTable.text(results)) }
      }
    }
  }

  private func load(_ recipe: Recipe) throws -> [Dataset] {
    var recipe = recipe
    for index in recipe.tasks.indices {
      guard let moved = data.last(where: { $0.task == recipe.tasks[index].name }) else { continue }
      recipe.tasks[index].dataset = moved.data.kind
      recipe.tasks[index].path = moved.data.path
    }
    do throws(DatasetError) {
      return try recipe.loadDatasets()
    } catch {
      guard error.kind == .missing else { throw error }
      throw InputMissing(
        description:
          "\(error); where the data moved, give --data TASK=KIND:PATH, for example --data "
          + "\(recipe.tasks[0].name)=\(recipe.tasks[0].dataset.rawValue):PATH")
    }
  }
}
