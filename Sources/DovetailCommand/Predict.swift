import ArgumentParser
import Dovetail
import Files
import Foundation

struct Predict: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Tell the classes of pictures.",
    discussion: """
      A model as it was trained normalizes by the batch: what it says of an image depends on the \
      others, and fewer than \(Predictor.smallBatch) are refused. dovetail recalibrate makes one that \
      looks at each image alone.

      Pictures are \(Picture.words)

        dovetail predict ab.fixed.safetensors photographs/ one.jpg --top 3
      """)

  struct Report: Encodable {
    struct Image: Encodable {
      struct Guess: Encodable {
        let className: String
        let probability: Double
      }

      let path: String
      let guesses: [Guess]
      /// By output.
      let logits: [Float]
    }

    let model: String
    let batchNorm: BatchNormPolicy
    /// By output.
    let classNames: [String]
    let images: [Image]
    /// Files that are no whole images, where they are skipped.
    let skipped: [String]
  }

  @Argument(help: "The model's file.") var model: String
  @Argument(help: "Pictures (\(Picture.formatNames)), or folders of them.") var images: [String]
  @Option(help: "How many classes of each image.") var top = 1
  @Flag(help: "Let a model that normalizes by the batch do so with few images.")
  var allowSmallBatch = false
  @Flag(help: "Leave out files that are no whole pictures.") var skipDamaged = false
  @OptionGroup var device: DeviceOption
  @OptionGroup var json: JSONOption

  func validate() throws {
    guard !images.isEmpty else { throw ValidationError("expected pictures or folders") }
    guard top >= 1 else { throw ValidationError("--top: expected 1 or more, got \(top)") }
  }

  private func predict(
    _ files: [String], _ predictor: Predictor
  ) throws -> (predictions: [Predictor.Prediction], damaged: [DatasetError]) {
    do {
      let backend = try device.open()
      return try Waiting.note("reading \(files.count) pictures") {
        try predictor.predict(
          files, path: model, allowSmallBatch: allowSmallBatch, skipDamaged: skipDamaged,
          on: backend)
      }
    } catch let error as DatasetError where error.kind == .malformed {
      let advice = [error.advice?.description, "--skip-damaged leaves such files out."]
      throw DatasetError(
        error.kind, path: error.path, problem: error.problem,
        advice: advice.compactMap(\.self).joined(separator: " "))
    }
  }

  func run() throws {
    try ExitStatus.reporting {
      try json.check()
      guard case .model(let record) = try ComponentFile.Contents(path: model) else {
        throw FileError(
          kind: .malformed, path: model,
          problem: "expected a model; dovetail recombine makes one of an extractor and a head")
      }
      let files = try ImageFiles.list(images)
      let predictor = Predictor(record)
      if predictor.dependsOnTheBatch {
        Console.log(
          "dovetail: the model normalizes by the batch: what it says of an image depends on the "
            + "others; dovetail recalibrate fixes that")
      }
      let results = try predict(files, predictor)
      let classNames = record.head.header.classNames ?? []
      let report = Report(
        model: record.digest, batchNorm: record.extractor.header.interface.batchNorm,
        classNames: classNames,
        images: results.predictions.map { prediction in
          Report.Image(
            path: prediction.path,
            guesses: prediction.best(top).map {
              .init(className: classNames[$0.output], probability: $0.probability)
            }, logits: prediction.logits)
        }, skipped: results.damaged.map(\.path))
      try json.write(report)
      for error in results.damaged { Console.log("dovetail: left out: \(error)") }
      guard !json.takesStdout else { return }
      let rows = report.images.map { image in
        [image.path]
          + image.guesses.flatMap { [$0.className, Format.percent($0.probability)] }
      }
      // A file gets a line an image, whatever its width.
      let columns = StandardStream.output.columns
      for line in ResultTable.aligned(rows, columns: columns) { Console.print(line) }
      NextStep.afterPrediction(model)
    }
  }
}
