import ArgumentParser
import Dovetail

/// What adapt, extend-head and transfer have in common: images, a short training, a directory.
struct ApplicationOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Images: KIND=PATH.",
      discussion: """
        KIND is cifar10, cifar100, stl10, folder, images (pictures without labels), or made-up-ink \
        or made-up-neon without a path. The training part is trained on, the test part measured.
        """, valueName: "kind=path"),
    transform: DataChoice.read)
  var data: DataChoice
  @OptionGroup var split: SplitOption
  @OptionGroup var synonyms: SynonymOptions
  @Option(help: "Images a minibatch.") var batch = 64
  @Option(help: "Of order and augmentation of the images, and of fresh weights.") var seed = 0
  @Flag(help: "Go on where the feature spaces differ.") var allowDifferentSpace = false
  @Option(help: ArgumentHelp("Directory for components and results.", valueName: "dir"))
  var output: String
  @OptionGroup var device: DeviceOption
  @OptionGroup var checkpoints: CheckpointOptions
  @OptionGroup var json: JSONOption
  @OptionGroup var log: LogOptions

  func validate() throws {
    try split.require(for: [data])
    guard 2...65_536 ~= batch else {
      throw ValidationError("--batch: expected 2 to 65536, got \(batch)")
    }
    guard seed >= 0 else { throw ValidationError("--seed: expected 0 or more, got \(seed)") }
  }

  /// Has the directory, and calls `body` with the application.
  /// - Parameter steps: minibatches.
  func run<Results>(
    _ title: String, steps: Int, learningRate: Double,
    _ body: (Application) throws -> Results
  ) throws -> Results {
    try json.check()
    let directory = try RunDirectory(output).claimed { Console.log("dovetail: \($0)") }
    defer { directory.release() }
    let line = ProgressLine(title, log)
    var task = TaskRecipe(
      name: data.kind.rawValue, dataset: data.kind, path: data.path,
      synonyms: try synonyms.dictionary(), test: split.test)
    task.corruption = split.corruption
    return try body(
      Application(
        task: task,
        steps: steps, batchSize: batch, learningRate: learningRate, seed: UInt64(seed),
        allowDifferentSpace: allowDifferentSpace, directory: directory,
        on: checkpoints.watched(try device.open()),
        startTime: Console.secondsSince1970(),
        control: checkpoints.control(), progress: line.show))
  }

  /// Checked without a device, before anything is read.
  static func check(steps: Int, learningRate: Double) throws {
    guard learningRate >= 0, learningRate.isFinite else {
      throw ValidationError("--learning-rate: expected 0 or more, got \(learningRate)")
    }
    guard 1...100_000_000 ~= steps else {
      throw ValidationError("--steps: expected 1 or more, got \(steps)")
    }
  }
}
