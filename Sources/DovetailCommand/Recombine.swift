import ArgumentParser
import Dovetail
import Files

struct Recombine: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Join an extractor and a head into one model file, or say why they do not fit.",
    discussion: """
      They fit where channels, activation, batch-norm policy and, if the head states one, spatial \
      size agree, and their feature spaces have an anchor in common: something that both were \
      trained with. Two components of equal shapes and different spaces recombine at chance. \
      dovetail certify measures what a pair is worth.

        dovetail recombine a.extractor.safetensors b.head.safetensors \\
          --output ab.safetensors
        dovetail recombine a.extractor.safetensors b.head.safetensors \\
          --output ab.fixed.safetensors --recalibrate images=photographs

      Exit status 3 where they do not fit.
      """)

  @Argument(help: "The extractor's file.") var extractor: String
  @Argument(help: "The head's file.") var head: String
  @Option(help: ArgumentHelp("The model's file.", valueName: "file")) var output: String
  @Flag(help: "Join them without a common anchor too; the model says so.")
  var allowDifferentSpace = false
  @Flag(help: "Refuse parts that were aligned, not trained together.") var refuseAligned = false
  @Option(
    help: ArgumentHelp(
      "Take batch-norm statistics on these images, as dovetail recalibrate does.",
      valueName: "kind=path"),
    transform: DataChoice.read)
  var recalibrate: DataChoice?
  @OptionGroup var split: SplitOption
  @OptionGroup var device: DeviceOption

  func validate() throws { try split.require(for: [recalibrate].compactMap(\.self)) }

  func run() throws {
    try ExitStatus.reporting {
      var model = try Self.join(
        extractor, head, allowDifferentSpace: allowDifferentSpace, allowAligned: !refuseAligned)
      // Strict: both have to hold exactly the tensors of their architectures.
      _ = try model.makeModel(path: "\(extractor) + \(head)", on: CPUBackend())
      if let recalibrate {
        model = try RecalibrationOptions.recalibrate(
          model, recalibrate, split, nil, path: "\(extractor) + \(head)", on: try device.open())
      }
      try ModelFile.write(model, to: output)
      let space =
        model.featureSpace.isUnknown
        ? "none in common, as allowed" : model.featureSpace.description
      Console.print(
        """
        \(output): \(model.extractor.header.architecture) + \(model.head.header.architecture), \
        \(model.head.header.classNames?.count ?? 0) classes
        feature space: \(space)
        digest: \(model.digest)
        """)
      if model.featureSpace.isAligned {
        Console.print("\(Fit.alignedWords): dovetail certify measures what the pair is worth")
      }
      NextStep.afterRecombination(model, output, extractor: extractor)
    }
  }

  static func join(
    _ extractor: String, _ head: String, allowDifferentSpace: Bool, allowAligned: Bool = true
  ) throws -> Model {
    let parts = (
      try ComponentKinds.read(extractor, as: .extractor), try ComponentKinds.read(head, as: .head)
    )
    return try Model(
      extractor: parts.0, head: parts.1, allowDifferentSpace: allowDifferentSpace,
      allowAligned: allowAligned)
  }
}

enum ComponentKinds {
  /// - Throws: `FileError` for a component of another kind.
  static func read(_ path: String, as kind: ComponentKind) throws -> Component {
    let record = try ComponentFile.read(path)
    guard record.header.kind == kind else {
      throw FileError(
        kind: .malformed, path: path,
        problem: "expected a component of kind \(kind.rawValue), got "
          + record.header.kind.rawValue)
    }
    return record
  }
}
