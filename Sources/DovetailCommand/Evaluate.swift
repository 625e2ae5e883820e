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
      """)

  @Argument(help: ArgumentHelp("The run's directory.", valueName: "dir")) var directory: String
  @OptionGroup var device: DeviceOption
  @OptionGroup var json: JSONOption

  func run() throws {
    try ExitStatus.reporting {
      try json.check()
      // The files first: a wrong directory is found before a device is opened.
      _ = try RunDirectory(directory).read()
      let backend = try device.open()
      let results = try Run.evaluate(RunDirectory(directory), on: backend)
      try json.write(results)
      if !json.takesStdout { Console.print(ResultTable.text(results)) }
    }
  }
}
