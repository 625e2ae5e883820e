import ArgumentParser
import Dovetail
import Files

struct Retrieval: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Search for images by one extractor's features among another's.",
    discussion: """
      Every test image looks for images of its class by the cosine of pooled features, itself left \
      out: with the first extractor's features among the second's (an index that was made with \
      another part), the reverse, and each among its own. Given are the share of images whose \
      nearest is of their class (recall@1), with one of it among the nearest five (recall@5), and \
      the mean average precision (mAP). KIND is cifar10, cifar100, stl10, folder, or made-up-ink or \
      made-up-neon without a path.

        dovetail retrieval new.extractor.safetensors old.extractor.safetensors \\
          --data cifar10=data/cifar-10-batches-bin --json retrieval.json
      """)

  @Argument(help: "The extractor of the queries.") var first: String
  @Argument(help: "The extractor of the gallery.") var second: String
  @Option(
    help: ArgumentHelp("Labeled images.", valueName: "kind=path"), transform: DataChoice.read)
  var data: DataChoice
  @OptionGroup var split: SplitOption
  @Option(help: "Images a batch (default: as in each extractor's training, else 128).")
  var batch: Int?
  @OptionGroup var device: DeviceOption
  @OptionGroup var json: JSONOption

  func validate() throws {
    try split.require(for: [data])
    if let batch, batch < 2 { throw ValidationError("--batch: expected at least 2, got \(batch)") }
  }

  func run() throws {
    try ExitStatus.reporting {
      try json.check()
      let parts = try [first, second].map { file in
        (name: file, part: try ComponentKinds.read(file, as: .extractor))
      }
      let channels = parts.map(\.part.header.interface.channels)
      guard channels[0] == channels[1] else {
        throw FileError(
          kind: .malformed, path: second,
          problem: "its features have \(channels[1]) channels, those of \(first) \(channels[0]); "
            + "align one to the other first (dovetail align --method least-squares)")
      }
      let backend = try device.open()
      let form = parts[0].part.header.preprocessing!.form
      let first = try data.load(form, split)
      let table = try RetrievalTable(
        parts, on: first.name,
        images: { $0 == form ? first.test : try data.load($0, split).test },
        batchSize: batch, backend: backend)
      try json.write(table)
      if !json.takesStdout { Console.print(RetrievalText.text(table)) }
    }
  }
}

enum RetrievalText {
  static func text(_ table: RetrievalTable) -> String {
    let short = MatrixTable.shortener(table.rows.flatMap { [$0.query, $0.gallery] })
    let header = [
      "\(table.data), \(table.images) images: query in gallery", "recall@1", "recall@5", "mAP",
    ]
    let rows = table.rows.map { row -> [String] in
      let label = "\(short(row.query)) in \(short(row.gallery))"
      guard let scores = row.scores else { return [label, "–", "–", "–"] }
      return [label]
        + [scores.recallAt1, scores.recallAt5, scores.meanAveragePrecision].map(Format.percent)
    }
    return ResultTable.aligned([header] + rows).joined(separator: "\n")
  }
}
