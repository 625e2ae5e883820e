import ArgumentParser
import Dovetail
import Files

struct LibraryRank: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rank",
    abstract: "Order what a library can be put together to by its accuracy on new images.",
    discussion: """
      Every extractor under every head that fits it, and every model, is measured on labeled \
      images (the test part); nothing is trained. \(DataOptions.kinds)
      """)

  @Argument(help: ArgumentHelp("The library.", valueName: "dir")) var library: String
  @OptionGroup var data: DataOptions
  @Option(help: ArgumentHelp("Rank heads for this extractor.", valueName: "file"))
  var extractor: String?
  @Option(help: ArgumentHelp("Rank extractors for this head.", valueName: "file"))
  var head: String?
  @OptionGroup var device: DeviceOption
  @OptionGroup var json: JSONOption

  func validate() throws {
    if extractor != nil && head != nil {
      throw ValidationError("--extractor and --head: give one of them; certify takes a pair")
    }
  }

  func run() throws {
    try ExitStatus.reporting {
      try json.check()
      let entries = try ComponentLibrary(library).contents().entries
      let backend = try device.open()
      func files(_ kind: ComponentKind) -> [String] {
        entries.filter { $0.component?.kind == kind }.map(\.path)
      }
      var sets: [PictureForm: LabeledImages] = [:]
      func images(_ form: PictureForm) throws -> LabeledImages {
        let set = try sets[form] ?? data.load(form)
        sets[form] = set
        return set
      }
      let certifier = Certifier(on: backend)
      let matrix = try CompatibilityMatrix(
        extractors: try (extractor.map { [$0] } ?? files(.extractor)).map {
          (name: $0, part: try ComponentFile.read($0, as: .extractor))
        },
        heads: try (head.map { [$0] } ?? files(.head)).map {
          (name: $0, part: try ComponentFile.read($0, as: .head))
        },
        data: { [try images($0)] }, certifier: certifier)
      var cells = matrix.cells
      for path in extractor == nil && head == nil ? files(.model) : [] {
        let model = try ModelFile.read(path)
        cells += try CompatibilityMatrix(
          extractors: [(path, model.extractor)], heads: [(path, model.head)],
          data: { [try images($0)] }, certifier: certifier, allowDifferentSpace: true
        ).cells
      }
      let ranked = CompatibilityMatrix.ranked(cells)
      try json.write(ranked)
      guard !json.takesStdout else { return }
      let rows = ranked.map { cell in
        let certificate = cell.certificate!
        return [
          cell.extractor == cell.head
            ? "model \(short(cell.head))" : "\(short(cell.extractor)) + \(short(cell.head))",
          certificate.extractor.task ?? "–", certificate.head.task ?? "–",
          "\(certificate.images)", Format.percent(certificate.accuracy),
          Format.percent(certificate.chance), certificate.verdict.rawValue,
        ]
      }
      let header = ["entries", "extractor", "head", "images", "accuracy", "chance", "verdict"]
      Console.print(ResultTable.aligned([header] + rows).joined(separator: "\n"))
    }
  }

  /// The beginning of an entry's digest, else the path.
  private func short(_ path: String) -> String {
    let parts = path.split(separator: "/")
    guard parts.count > 1, Digest.isValid(String(parts[parts.count - 2])) else { return path }
    return String(parts[parts.count - 2].prefix(12))
  }
}
