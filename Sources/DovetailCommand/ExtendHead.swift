import ArgumentParser
import Dovetail

struct ExtendHead: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Grow the head that several extractors share by new classes, by training it on one.",
    discussion: """
      First train the extractors with one head: a recipe whose tasks have the same classes and \
      architectures of their own, with shared-head: true. All end in an adapter of as many channels:

        shared-head: true
        architecture: {name: mobilenet-v2, adapter: 64}    # the head's
        tasks:
          - {name: server, dataset: cifar10, path: data,
             classes: [airplane, automobile],
             architecture: {name: resnet, depth: 56, width: 2, adapter: 64}}
          - {name: phone, dataset: cifar10, path: data,
             classes: [airplane, automobile]}

      Then, with data of the old and the new classes:

        dovetail extend-head --head run/components/server.head.safetensors \\
          --reference run/components/server.extractor.safetensors \\
          --others run/components/phone.extractor.safetensors \\
          --data cifar10=data --output grown

      The old outputs keep their weights to start from, the reference is frozen, the others are not \
      touched; all are measured under the grown head.
      """)

  @Option(help: ArgumentHelp("The shared head.", valueName: "file")) var head: String
  @Option(help: ArgumentHelp("The extractor that it is trained on.", valueName: "file"))
  var reference: String
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Extractors that it is measured with.", valueName: "files"))
  var others: [String] = []
  @Option(help: "Minibatches.") var steps = 1000
  @Flag(help: "The reference extractor learns too, and leaves its feature space.")
  var trainReference = false
  @Option(help: "Constant; momentum is 0.9, weight decay 1e-4.") var learningRate = 0.01
  @OptionGroup var options: ApplicationOptions

  func validate() throws { try ApplicationOptions.check(steps: steps, learningRate: learningRate) }

  func run() throws {
    try ExitStatus.reporting {
      let results = try options.run(
        "training the grown head", steps: steps, learningRate: learningRate
      ) {
        try $0.extendHead(
          head, reference: reference, others: others, trainReference: trainReference)
      }
      try options.json.write(results)
      guard !options.json.takesStdout else { return }
      let rows = results.parts.map {
        [
          $0.extractor + ($0.isReference ? " (reference)" : ""),
          Format.percent($0.before?.accuracy), Format.percent($0.after?.accuracy),
        ]
      }
      let title = [
        "extractor", "\(results.oldClasses.count) classes, before",
        "all \(results.oldClasses.count + results.newClasses.count) classes",
      ]
      for line in ResultTable.aligned([title] + rows) { Console.print(line) }
      Console.print("New classes: \(results.newClasses.joined(separator: ", "))")
      Console.print("Head: \(results.head)")
    }
  }
}
