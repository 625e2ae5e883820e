public import ArgumentParser
public import Dovetail

/// `--data KIND=PATH`.
struct DataChoice {
  let kind: DatasetKind
  let path: String?

  /// - Throws: `ValidationError` that says what is expected.
  static func read(_ argument: String) throws -> DataChoice { try read(argument, separator: "=") }

  static func read(_ argument: String, separator: Character) throws -> DataChoice {
    let parts = argument.split(separator: separator, maxSplits: 1, omittingEmptySubsequences: false)
      .map(String.init)
    let known = DatasetKind.allCases.map(\.rawValue)
    guard let kind = DatasetKind(rawValue: parts[0]) else {
      let near = Suggestion.nearest(parts[0], in: known)
      throw ValidationError(
        "expected KIND\(separator)PATH, such as folder\(separator)photos; KIND is one of "
          + known.joined(separator: ", ") + (near.map { "; did you mean “\($0)”?" } ?? ""))
    }
    let path = parts.count == 2 ? parts[1] : nil
    guard kind.needsPath else {
      guard path == nil else {
        throw ValidationError("\(kind.rawValue) is drawn by code and has no path; leave it out")
      }
      return DataChoice(kind: kind, path: nil)
    }
    guard let path, !path.isEmpty else {
      throw ValidationError(
        "\(kind.rawValue) needs a path: \(kind.rawValue)\(separator)PATH")
    }
    return DataChoice(kind: kind, path: path)
  }

  /// - Parameters:
  ///   - form: of the images.
  ///   - split: nil where the command has no such option.
  func load(_ form: PictureForm, _ split: SplitOption? = nil) throws -> Dataset {
    try Waiting.note("reading the images of \(path ?? kind.rawValue)") {
      let dataset = try Dataset.load(
        kind, path: path, imageSize: form.size, framing: form.framing,
        test: split?.fraction(of: kind))
      return try split?.corruption.map { try dataset.corrupted(by: $0) } ?? dataset
    }
  }
}

extension Corruption: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}

/// `--test 0.2`, `--corruption contrast:3`: which images of a data set, and how they are seen.
struct SplitOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Of a folder without a test part: this share of each class is its test part, the same that a "
        + "recipe's test: holds out.", valueName: "0.2"))
  var test: Double?
  @Option(
    help: ArgumentHelp(
      "What is done to all images of --data, as they are read.",
      discussion: """
        A kind and a strength from 1 to 5: gaussian-noise, gaussian-blur, contrast, pixelation or \
        jpeg (after Hendrycks and Dietterich 2019).
        """, valueName: "jpeg:5"))
  var corruption: Corruption?

  init() {}

  func validate() throws {
    guard let test else { return }
    guard test > 0, test < 1 else {
      throw ValidationError("--test: expected a share between 0 and 1, got \(test)")
    }
  }

  /// An option that would do nothing is refused.
  func require(for data: [DataChoice]) throws {
    guard corruption == nil || !data.isEmpty else {
      throw ValidationError("--corruption: there are no data to corrupt; leave it out")
    }
    guard test != nil, !data.contains(where: { $0.kind == .folder }) else { return }
    throw ValidationError("--test is for --data folder=PATH; other kinds have their test parts")
  }

  /// Other kinds have their test parts.
  func fraction(of kind: DatasetKind) -> Double? { kind == .folder ? test : nil }
}

/// `--data TASK=KIND:PATH`.
struct TaskData {
  let task: String
  let data: DataChoice

  /// - Throws: `ValidationError` that says what is expected.
  static func read(_ argument: String) throws -> TaskData {
    let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
    guard parts.count == 2 else {
      throw ValidationError("expected NAME=KIND:PATH, such as photos=folder:photos")
    }
    return TaskData(task: parts[0], data: try DataChoice.read(parts[1], separator: ":"))
  }
}

/// `--synonyms car=automobile`.
struct Synonym: ExpressibleByArgument {
  let own: String
  let common: String

  init?(argument: String) {
    let parts = argument.split(separator: "=", maxSplits: 1)
    guard parts.count == 2 else { return nil }
    (own, common) = (String(parts[0]), String(parts[1]))
  }
}

/// Images to measure on.
struct DataOptions: ParsableArguments {
  static let kinds = """
    KIND is cifar10, cifar100, stl10, folder, or made-up-ink or made-up-neon without a path; its \
    test part is measured.
    """

  @Option(
    help: ArgumentHelp("Labeled images.", discussion: kinds, valueName: "kind=path"),
    transform: DataChoice.read)
  var data: DataChoice
  @OptionGroup var split: SplitOption
  @OptionGroup var synonyms: SynonymOptions

  func validate() throws { try split.require(for: [data]) }

  func load(
    _ form: PictureForm, synonyms recorded: [String: String] = [:]
  ) throws -> LabeledImages {
    let given = try synonyms.dictionary()
    return try LabeledImages(
      try data.load(form, split), kind: data.kind,
      synonyms: recorded.merging(given) { $1 })
  }
}

struct SynonymOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The data's name of a class and the components' one; may be repeated.",
      valueName: "car=automobile"))
  var synonyms: [Synonym] = []

  func dictionary() throws -> [String: String] {
    var all: [String: String] = [:]
    for synonym in synonyms {
      guard all.updateValue(synonym.common, forKey: synonym.own) == nil else {
        throw ValidationError("--synonyms: “\(synonym.own)” stands twice")
      }
    }
    return all
  }
}
