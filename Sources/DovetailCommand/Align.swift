public import ArgumentParser
public import Dovetail
import Files

extension AlignmentMethod: ExpressibleByArgument {}

struct Align: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Map a trained extractor's channels to another's, so that it fits what that fits.",
    discussion: """
      No training: one pass of unlabeled images through both extractors, and a map in closed form. \
      permutation: the order of channels of largest total correlation, put into the weights of the \
      last layers where these allow it. permutation-rescaled: besides, each channel gets its \
      partner's mean and deviation. orthogonal: a rotation, a scale and the mean (Procrustes). \
      least-squares: the affine map with the ridge that leaves least on images that the fit has \
      not seen; it alone maps between different numbers of channels. All but a permutation are an \
      affine adapter, a 1×1 convolution with bias, and the activation that the head takes.

      The new extractor fits the heads that --to fits, and no longer its own. It is aligned, not \
      trained together, and says so.

        dovetail align a.extractor.safetensors --to b.extractor.safetensors \\
          --data cifar10=data/cifar-10 --method least-squares \\
          --output ab.extractor.safetensors
        dovetail certify ab.extractor.safetensors b.head.safetensors \\
          --data cifar10=data/cifar-10
      """)

  @Argument(help: "The extractor's file.") var extractor: String
  @Option(help: ArgumentHelp("The extractor whose features it is mapped to.", valueName: "file"))
  var to: String
  @Option(
    help: ArgumentHelp(
      "Images; their training part is taken, labels are not looked at.",
      discussion: "KIND is images (pictures below a folder) or as in dovetail certify.",
      valueName: "kind=path"),
    transform: DataChoice.read)
  var data: DataChoice
  @OptionGroup var split: SplitOption
  @Option(
    help: ArgumentHelp(
      "\(AlignmentMethod.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "method"))
  var method = AlignmentMethod.leastSquares
  @Option(help: ArgumentHelp("The new extractor's file.", valueName: "file")) var output: String
  @Option(help: "At most so many of the images, drawn at random (default: all).") var images: Int?
  @Option(help: "Images a batch (default: as in the extractor's training, else 128).")
  var batch: Int?
  @OptionGroup var device: DeviceOption
  @OptionGroup var json: JSONOption

  /// What is written as JSON.
  struct Report: Encodable {
    let output: String
    let digest: String
    let method: AlignmentMethod
    let images: Int
    let ridge: Double?
    let unexplained: Double
    let folded: Bool
    let featureSpace: FeatureSpace
    let note: String
  }

  func validate() throws {
    try split.require(for: [data])
    if let batch, batch < 2 { throw ValidationError("--batch: expected at least 2, got \(batch)") }
    if let images, images < Alignment.fewestImages {
      throw ValidationError(
        "--images: expected at least \(Alignment.fewestImages), got \(images)")
    }
  }

  func run() throws {
    try ExitStatus.reporting {
      try json.check()
      let from = try ComponentKinds.read(extractor, as: .extractor)
      let target = try ComponentKinds.read(to, as: .extractor)
      let backend = try device.open()
      let dataset = try data.load(from.header.preprocessing!.form, split)
      let aligned = try Alignment(
        from, to: target, on: dataset.train, named: dataset.name, digest: dataset.digest,
        method: method, limit: images, batchSize: batch, backend: backend)
      try ComponentFile.write(aligned.component, to: output)
      let header = aligned.component.header
      try json.write(
        Report(
          output: output, digest: header.digest, method: method, images: aligned.images,
          ridge: aligned.ridge, unexplained: aligned.unexplained, folded: aligned.isFolded,
          featureSpace: header.featureSpace, note: Fit.alignedWords))
      guard !json.takesStdout else { return }
      Console.print(
        """
        \(output): \(Fit.alignedWords); it fits what \(to) fits
        \(method.rawValue), \(aligned.images) images of \(dataset.name)\
        \(aligned.ridge.map { ", ridge \($0) of the mean variance" } ?? "")
        unexplained of the target's variance, on images that the fit has not seen: \
        \(Format.percent(aligned.unexplained))
        written as: \
        \(aligned.isFolded ? "weights of its last layers in another order" : "an affine adapter")
        feature space: \(header.featureSpace)
        digest: \(header.digest)
        """)
    }
  }
}
