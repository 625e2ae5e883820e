import ArgumentParser
import Dovetail
import Files
import Foundation

struct Recalibrate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Bake batch-norm statistics of your images into a model.",
    discussion: """
      A model as it was trained normalizes by the batch that it is given, so that a prediction depends \
      on the other images in it. This takes the statistics once, on images like those that the model \
      is to be used on (labels are not looked at), and writes a model that predicts for each image \
      alone.

        dovetail recombine a.extractor.safetensors b.head.safetensors \\
          --output ab.safetensors
        dovetail recalibrate ab.safetensors --data images=photographs \\
          --output ab.fixed.safetensors
      """)

  @Argument(help: "The model's file.") var model: String
  @OptionGroup var images: RecalibrationOptions
  @Option(help: ArgumentHelp("The new model's file.", valueName: "file")) var output: String
  @OptionGroup var device: DeviceOption

  func run() throws {
    try ExitStatus.reporting {
      guard case .model(let record) = try ComponentFile.Contents(path: model) else {
        throw FileError(
          kind: .malformed, path: model,
          problem: "expected a model; dovetail recombine makes one of an extractor and a head")
      }
      let new = try images.recalibrate(record, path: model, on: try device.open())
      try ModelFile.write(new, to: output)
      Console.print("\(output): recalibrated on \(new.lineage.data?.first?.name ?? "")")
      Console.print("digest: \(new.digest)")
      NextStep.afterRecalibration(output)
    }
  }
}

/// The images that statistics are taken on.
struct RecalibrationOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Images; their training part is taken, labels are not looked at.",
      discussion: "KIND is images (pictures below a folder) or as in dovetail certify.",
      valueName: "kind=path"),
    transform: DataChoice.read)
  var data: DataChoice
  @OptionGroup var split: SplitOption
  @Option(help: "Images a batch (default: as in the extractor's training, else 128).")
  var batch: Int?

  func validate() throws {
    try split.require(for: [data])
    if let batch, batch < 2 { throw ValidationError("--batch: expected at least 2, got \(batch)") }
  }

  func recalibrate(
    _ model: Model, path: String, on backend: any Backend
  ) throws -> Model {
    try Self.recalibrate(model, data, split, batch, path: path, on: backend)
  }

  static func recalibrate(
    _ model: Model, _ data: DataChoice, _ split: SplitOption, _ batch: Int?,
    path: String, on backend: any Backend
  ) throws -> Model {
    let form = model.extractor.header.preprocessing?.form ?? PictureForm(size: 32)
    let dataset = try data.load(form, split)
    return try model.recalibrated(
      on: dataset.train, named: dataset.name, digest: dataset.digest,
      batchSize: batch ?? model.extractor.header.lineage?.batchSize ?? 128, path: path,
      backend: backend)
  }
}
