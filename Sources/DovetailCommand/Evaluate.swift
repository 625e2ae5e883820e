import ArgumentParser
import Dovetail

struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Load the components of a run from their files and measure them again.",
    discussion: """
      DIR is what dovetail train --output (or one half of what dovetail demo --output) wrote. The \
      figures are those of the training, to the last digit, on the same device.
      """)

  @Argument(help: "The run's directory.") var directory: String
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
