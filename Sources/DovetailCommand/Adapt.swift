import ArgumentParser
import Dovetail

struct Adapt: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Adapt an extractor to images without labels, under a head that stays as it is.",
    discussion: """
      The extractor, trained with rotation prediction (dovetail train, method rotation-prediction), goes \
      on with the rotation loss alone on the images given, through its rotation head, which is frozen. \
      The features stay in the space where the heads for classes look for them, so these are not \
      touched. Labels, where the data have any and --head is given, serve the table at the end alone.

        dovetail adapt --extractor run/components/photos.extractor.safetensors \\
          --rotation-head run/components/auxiliary/rotation.safetensors \\
          --head run/components/photos.head.safetensors \\
          --data folder=sketches --output adapted
      """)

  @Option(help: ArgumentHelp("The source's extractor.", valueName: "file")) var extractor: String
  @Option(help: ArgumentHelp("The source's rotation head.", valueName: "file"))
  var rotationHead: String
  @Option(
    help: ArgumentHelp("The source's head, to measure with.", valueName: "file"))
  var head: String?
  @Option(help: "Minibatches.") var steps = 1000
  @Option(help: "Constant; momentum is 0.9, weight decay 1e-4.") var learningRate = 0.001
  @OptionGroup var options: ApplicationOptions

  func validate() throws { try ApplicationOptions.check(steps: steps, learningRate: learningRate) }

  func run() throws {
    try ExitStatus.reporting {
      let results = try options.run("adapting", steps: steps, learningRate: learningRate) {
        try $0.adapt(extractor: extractor, rotationHead: rotationHead, head: head)
      }
      try options.json.write(results)
      guard !options.json.takesStdout else { return }
      let measured = [
        ("source, running statistics", results.sourceRunning),
        ("source, the batch's statistics", results.sourceBatch),
        ("adapted, the batch's statistics", results.adapted),
      ].compactMap { name, accuracy in
        accuracy.map {
          [
            name, "\($0.images)", "\($0.classes)", Format.percent($0.averageClassAccuracy),
            Format.percent($0.accuracy),
          ]
        }
      }
      if !measured.isEmpty {
        let head = [
          "on \(results.data)", "images", "classes", "average class accuracy", "accuracy",
        ]
        for line in ResultTable.aligned([head] + measured) { Console.print(line) }
      }
      Console.print("Adapted on \(results.trainImages) images: \(results.extractor)")
    }
  }
}
