import ArgumentParser
import Dovetail
import Foundation

@main
enum Main {
  /// As ArgumentParser's own, but for streams that cannot be written.
  static func main() {
    StandardStream.prepare()
    do {
      try checkEnvironment()
      try checkName(CommandLine.arguments.dropFirst(), of: DovetailCommand.self)
      var command = try DovetailCommand.parseAsRoot()
      try command.run()
      Console.finish()
    } catch {
      let status = DovetailCommand.exitCode(for: error)
      let text = DovetailCommand.fullMessage(for: error)
      if !text.isEmpty { status.isSuccess ? Console.print(text) : Console.log(text) }
      if status.isSuccess { Console.finish() }
      exit(status.rawValue)
    }
  }

  /// A word where a subcommand's name stands has to be one; else what was probably meant is named.
  private static func checkName(
    _ arguments: ArraySlice<String>, of command: any ParsableCommand.Type
  ) throws {
    let known = command.configuration.subcommands
    guard !known.isEmpty, let word = arguments.first, !word.hasPrefix("-"), word != "help" else {
      return
    }
    if let next = known.first(where: { $0._commandName == word }) {
      return try checkName(arguments.dropFirst(), of: next)
    }
    let shown = known.filter { $0.configuration.shouldDisplay }.map { $0._commandName }
    let near = Suggestion.nearest(word, in: shown)
    throw ValidationError(
      "there is no command “\(word)”; "
        + (near.map { "did you mean “\($0)”?" } ?? "there are " + shown.joined(separator: ", ")))
  }

  private static func checkEnvironment() throws {
    let name = Picture.limitVariable
    guard let text = ProcessInfo.processInfo.environment[name], !text.isEmpty,
      Picture.limitFactor(text) == nil
    else { return }
    throw ValidationError("\(name): expected a whole number from 1 to 1024, got “\(text)”")
  }
}

struct DovetailCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dovetail",
    abstract: "Train networks whose parts fit together, and recombine them without fine-tuning.",
    discussion: """
      A network is a feature extractor and a head. Trained as usual, one network's extractor is of \
      no use to another's head. dovetail trains several networks so that it is.

      Start with
        dovetail demo
      which needs no data: it trains two pairs of networks on synthetic images, one pair as usual \
      and one pair to be compatible, and prints how well each recombines. Then write a recipe for \
      your own data (dovetail train --help shows one).

      Results go to stdout, progress to stderr. Exit status: 0 fine, 1 failure, 3 negative verdict, 64 usage, 65 bad \
      data, 66 input missing, 69 no device, 73 cannot create, 74 cannot write, 75 interrupted \
      and can go on with --resume, 78 bad recipe, 130 interrupted.
      """,
    version: ProductVersion.current,
    groupedSubcommands: [
      CommandGroup(
        name: "Training",
        subcommands: [
          Demo.self, Train.self, Pretrain.self, Evaluate.self, RecipeKeysCommand.self,
        ]),
      CommandGroup(
        name: "Models of parts",
        subcommands: [
          Recombine.self, Recalibrate.self, Predict.self, Export.self, Import.self, Adapter.self,
        ]),
      CommandGroup(
        name: "What parts are to each other",
        subcommands: [
          Certify.self, CertifyPower.self, Matrix.self, CompareFeatures.self, Retrieval.self,
          Inspect.self, Library.self,
        ]),
      CommandGroup(
        name: "Applications",
        subcommands: [Adapt.self, ExtendHead.self, Transfer.self, Align.self, Stitch.self]),
      CommandGroup(name: "The paper", subcommands: [List.self, Reproduce.self]),
      CommandGroup(name: "Clusters", subcommands: [Slurm.self]),
      CommandGroup(
        name: "Devices",
        subcommands: [
          Devices.self, Doctor.self, Bench.self, TryDevice.self, CompileKernels.self,
        ]),
    ])
}
