import Dovetail
import Files

/// Errors of the library in the words of the command: where they advise something that has an
/// option, by its name.
enum ErrorWords {
  static func text(_ error: any Error) -> String {
    switch error {
    case let error as MissingDataError: missingData(error)
    case let error as any AdvisedError: advised(error)
    default: "\(error)"
    }
  }

  private static func advised(_ error: any AdvisedError) -> String {
    guard let advice = error.advice, let words = words[advice] else { return error.description }
    return error.description.dropLast(advice.description.count) + words
  }

  private static let words: [ErrorAdvice: String] = [
    .anotherDirectory: "give another --output",
    .samePrecisionOrAnotherDirectory: "give its --precision, or another --output",
    .resumeOrAnotherDirectory: "--resume goes on with it, or give another --output",
    .compatibleOrAllowed:
      "train them to be compatible, or give --allow-different-space if you know better",
    .overwriteOrAnotherDirectory: "--overwrite trains it again, or give another --output",
    .waitOrAnotherDirectory: "wait until it ends, stop it, or give another --output",
    .resume: "--resume goes on from there",
    .startAgainElsewhere: "start the run again without --resume, in another directory",
    .finishedRun: "give one that `dovetail train --output` wrote",
    .moreImages: "give more, recalibrate the model (dovetail recalibrate), or --allow-small-batch",
    .synonymsOrGrownHead: "name synonyms, or let dovetail extend-head grow the head",
    .heldImages: "Raise image-memory, or make a folder of the chosen classes.",
    .wholePicture:
      "Restore or remove the file, or leave out what cannot be read: damaged-images: skip "
      + "in a recipe, --skip-damaged of dovetail predict.",
    .pictureThatCanBeRead: "Convert or remove the file, or leave out what cannot be read: "
      + "damaged-images: skip in a recipe, --skip-damaged of dovetail predict.",
    .smallerPicture: "Save it smaller (or neither progressive nor interlaced), raise the limits "
      + "(DOVETAIL_PICTURE_LIMIT=4 in the environment makes them four times as large), or leave it "
      + "out: damaged-images: skip in a recipe, --skip-damaged of dovetail predict.",
    .splitOrTestFolder: "Hold a fifth of each class out (test: 0.2 in a recipe's task, --test 0.2 "
      + "elsewhere), or make test/.",
    .lessMemory: "lower batch, image-size or the network's width, or image-memory where images "
      + "are held on the device",
    .lowerRateOrTrace: "lower learning-rate or lengthen warmup; --resume --detect-anomaly goes on "
      + "from it to the op that did it",
    .listedDevice: "`dovetail devices` lists them",
  ]

  private static func missingData(_ error: MissingDataError) -> String {
    let role = error.role
    return "recipe: no data for \(role.rawValue): give --data \(role.rawValue)=KIND:PATH, for "
      + "example --data \(role.rawValue)=\(role.original.rawValue):data/\(role.rawValue), or "
      + "--data \(role.rawValue)=folder:PATH for what stands in for \(role.title)"
  }
}
