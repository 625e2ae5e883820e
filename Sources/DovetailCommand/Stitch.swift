import ArgumentParser
import Dovetail

struct Stitch: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train an affine map between a frozen extractor and a frozen head: a bound.",
    discussion: """
      An affine 1×1 convolution between the two halves is trained on the labels of the training \
      images (AdamW, a rate that falls to 0); it starts as the identity where both have as many \
      channels. What it reaches bounds what a map of that kind can do between these halves. It is \
      no measure of compatibility: a stitch may find what the head needs in features that mean \
      something else (Hernandez et al. 2023), so the accuracy with the stitched channels in random \
      orders stands beside it. dovetail align finds such a map without labels.

        dovetail stitch a.extractor.safetensors b.head.safetensors \\
          --data cifar10=data/cifar-10-batches-bin --steps 1000
      """)

  @Argument(help: "The extractor's file.") var extractor: String
  @Argument(help: "The head's file.") var head: String
  @Option(
    help: ArgumentHelp(
      "Labeled images: trained on their training part, measured on their test part.",
      discussion: "KIND is as in dovetail certify.", valueName: "kind=path"),
    transform: DataChoice.read)
  var data: DataChoice
  @OptionGroup var split: SplitOption
  @OptionGroup var synonyms: SynonymOptions
  @Option(help: "Minibatches.") var steps = 1000
  @Option(help: "Images of a minibatch.") var batch = 128
  @Option(help: "At first.") var learningRate = 0.01
  @Option(help: "Of all random draws.") var seed = 0
  @OptionGroup var device: DeviceOption
  @OptionGroup var json: JSONOption

  func validate() throws {
    try split.require(for: [data])
    guard 0...100_000_000 ~= steps else {
      throw ValidationError("--steps: expected 0 or more, got \(steps)")
    }
    guard 2...65_536 ~= batch else {
      throw ValidationError("--batch: expected 2 to 65536, got \(batch)")
    }
    guard learningRate > 0, learningRate <= 1000 else {
      throw ValidationError("--learning-rate: expected above 0, got \(learningRate)")
    }
    guard seed >= 0 else { throw ValidationError("--seed: expected 0 or more, got \(seed)") }
  }

  func run() throws {
    try ExitStatus.reporting {
      try json.check()
      let from = try ComponentKinds.read(extractor, as: .extractor)
      let onto = try ComponentKinds.read(head, as: .head)
      let backend = try device.open()
      let dataset = try data.load(from.header.preprocessing!.form, split)
      let labeled = try LabeledImages(
        dataset, kind: data.kind, synonyms: try synonyms.dictionary())
      var stitching = Stitching()
      (stitching.steps, stitching.batchSize) = (steps, batch)
      (stitching.learningRate, stitching.seed) = (learningRate, UInt64(seed))
      let results = try stitching.run(
        from, onto, on: dataset, synonyms: labeled.synonyms, backend: backend)
      try json.write(results)
      guard !json.takesStdout else { return }
      Console.print(
        """
        \(results.data): \(results.trainingImages) training images, \(results.testImages) test ones
        accuracy after \(results.steps) steps: \(Format.percent(results.accuracy)); before: \
        \(Format.percent(results.accuracyBefore))\
        \(results.startedAsIdentity ? " (the identity)" : "")
        with the stitched channels in random orders: \(Format.percent(results.shuffledAccuracy)); \
        chance: \(Format.percent(results.chance))
        note: \(results.note)
        """)
    }
  }
}
