public import ArgumentParser
public import Dovetail

struct Adapt: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Adapt an extractor to images without labels.",
    discussion: """
      By rotation: the extractor, trained with rotation prediction (dovetail train, method \
      rotation-prediction), goes on with the rotation loss alone on the images given, through its \
      rotation head, which is frozen. The features stay in the space where the heads for classes look \
      for them, so these are not touched.

        dovetail adapt --extractor run/components/photos.extractor.safetensors \\
          --rotation-head run/components/auxiliary/rotation.safetensors \\
          --head run/components/photos.head.safetensors \\
          --data folder=sketches --output adapted

      The other methods take what the network itself says, under the head that --head names:

        adabn    batch norm's statistics, taken again on the images
        blended  the same of the source, worth 16 images, and of one minibatch together
        tent     batch norm's scales and shifts, by the entropy of the predictions
        shot     the extractor, by information maximization; the head stays as it is

        dovetail adapt --method adabn --extractor run/components/photos.extractor.safetensors \
          --head run/components/photos.head.safetensors --data images=sketches --output adapted

      All but rotation and shot also write the head that goes with the extractor. Labels, where the \
      data have any and --head is given, serve the table at the end alone.
      """)

  @Option(help: "rotation, adabn, blended, tent or shot.") var method = AdaptationMethod.rotation
  @Option(help: ArgumentHelp("The source's extractor.", valueName: "file")) var extractor: String
  @Option(help: ArgumentHelp("The source's rotation head, for rotation.", valueName: "file"))
  var rotationHead: String?
  @Option(
    help: ArgumentHelp(
      "The source's head: to measure with; for all but rotation also to adapt under.",
      valueName: "file"))
  var head: String?
  @Option(help: "Minibatches (default: 1000); adabn and blended take none.") var steps: Int?
  @Option(
    help: """
      Constant (default: 0.001); momentum is 0.9, weight decay 1e-4, of tent 0. adabn and blended \
      take none.
      """)
  var learningRate: Double?
  @OptionGroup var options: ApplicationOptions

  private static let standard = (steps: 1000, learningRate: 0.001)

  func validate() throws {
    try ApplicationOptions.check(
      steps: steps ?? Self.standard.steps, learningRate: learningRate ?? Self.standard.learningRate)
    if method == .rotation, rotationHead == nil {
      throw ValidationError("--rotation-head is missing: give the source's, or another --method")
    }
    if method != .rotation {
      guard rotationHead == nil else {
        throw ValidationError("--rotation-head is for --method rotation, not \(method.rawValue)")
      }
      guard head != nil else {
        throw ValidationError("--head is missing: --method \(method.rawValue) adapts under it")
      }
    }
    guard method.objective == nil else { return }
    let useless = [
      ("--steps", steps != nil), ("--learning-rate", learningRate != nil),
      ("--seed", method == .adabn && options.seed != 0),
    ]
    for (name, isGiven) in useless + options.checkpoints.given where isGiven {
      throw ValidationError("\(name): --method \(method.rawValue) trains nothing; leave it out")
    }
  }

  func run() throws {
    try ExitStatus.reporting {
      let results = try options.run(
        "adapting", steps: steps ?? Self.standard.steps,
        learningRate: learningRate ?? Self.standard.learningRate
      ) { application -> Application.AdaptationResults in
        if let rotationHead {
          return try application.adapt(
            extractor: extractor, rotationHead: rotationHead, head: head)
        }
        return try application.adapt(extractor: extractor, under: head!, by: method)
      }
      try options.json.write(results)
      guard !options.json.takesStdout else { return }
      let measured = [
        ("source, running statistics", results.sourceRunning),
        ("source, the batch's statistics", results.sourceBatch),
        (
          "adapted, "
            + (method.objective == nil ? "statistics of its own" : "the batch's statistics"),
          results.adapted
        ),
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
      if let head = results.head { Console.print("The head that goes with it: \(head)") }
    }
  }
}

extension AdaptationMethod: ExpressibleByArgument {}
