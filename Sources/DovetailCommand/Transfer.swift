import ArgumentParser
import Dovetail

struct Transfer: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Put a source's extractor under a target's head, and fine-tune.",
    discussion: """
      Parts that were trained against one frozen rotation head fit without any fine-tuning, and need \
      less of it. Prints the accuracy directly after recombination and along the fine-tuning of the \
      whole network. Without --head a fresh one is trained: what the paper compares with.

        dovetail transfer --extractor large.extractor.safetensors \\
          --head target.head.safetensors --data cifar10=cifar-10-batches-bin \\
          --output transferred
      """)

  @Option(help: ArgumentHelp("The source's extractor.", valueName: "file")) var extractor: String
  @Option(help: ArgumentHelp("The target's head; none: a fresh one.", valueName: "file"))
  var head: String?
  @Option(
    help: ArgumentHelp(
      "A rotation head that stays frozen: the extractor keeps its feature space.",
      valueName: "file"))
  var rotationHead: String?
  @Option(help: "Minibatches, in place of --epochs.") var steps: Int?
  @Option(help: "Passes over the training images.") var epochs = 5
  @Option(help: "Constant; momentum is 0.9, weight decay 1e-4.") var learningRate = 0.01
  @OptionGroup var options: ApplicationOptions

  func validate() throws {
    try ApplicationOptions.check(steps: steps ?? 1, learningRate: learningRate)
    guard 1...100_000 ~= epochs else {
      throw ValidationError("--epochs: expected 1 or more, got \(epochs)")
    }
  }

  func run() throws {
    try ExitStatus.reporting {
      let results = try options.run(
        "fine-tuning", steps: steps ?? 1, learningRate: learningRate
      ) {
        try $0.transfer(
          extractor: extractor, head: head, rotationHead: rotationHead,
          epochs: steps == nil ? epochs : nil)
      }
      try options.json.write(results)
      guard !options.json.takesStdout else { return }
      let rows = results.curve.map {
        [
          "\($0.step)", Format.fixed(Double($0.step) / Double(results.epoch), 2),
          Format.percent($0.averageClassAccuracy),
        ]
      }
      for line in ResultTable.aligned([["step", "epochs", "average class accuracy"]] + rows) {
        Console.print(line)
      }
      Console.print("Components: \(results.extractor), \(results.head)")
    }
  }
}
