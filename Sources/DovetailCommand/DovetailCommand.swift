import ArgumentParser
import Dovetail
import Foundation

@main
enum Main {
  /// As ArgumentParser's own, but for streams that cannot be written.
  static func main() {
    StandardStream.prepare()
    do {
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
    subcommands: [
      Demo.self, Train.self, Pretrain.self, Evaluate.self, Recombine.self, Recalibrate.self,
      Predict.self, Export.self, Certify.self,
      Matrix.self, Adapt.self, ExtendHead.self, Transfer.self, Library.self, Import.self,
      Adapter.self, Inspect.self, List.self, Reproduce.self, CompareFeatures.self, RecipeKeysCommand.self,
      Bench.self, Devices.self, TryDevice.self,
      CompileKernels.self,
      Doctor.self,
    ])
}
