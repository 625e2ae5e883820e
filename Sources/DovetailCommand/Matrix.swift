import ArgumentParser
import Dovetail

struct Matrix: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure every extractor under every head.",
    discussion: """
      Auxiliary heads and models among the files are passed over. \(DataOptions.kinds) A pair that does not \
      fit has no accuracy, and the reason is given. Where an extractor's own head is among the \
      files, what a change to another costs stands beside: recombined over own accuracy, and how \
      many images are named rightly by the own head alone (negative flips) and by the other alone \
      (positive).

        dovetail matrix runs/first/components/*.safetensors \\
          --data made-up-ink --data made-up-neon --json matrix.json
      """)

  @Argument(help: "Files of extractors and heads.") var files: [String]
  @Option(
    parsing: .singleValue,
    help: ArgumentHelp("Labeled images; may be repeated.", valueName: "kind=path"),
    transform: DataChoice.read)
  var data: [DataChoice]
  @OptionGroup var split: SplitOption
  @OptionGroup var synonyms: SynonymOptions
  @Option(help: "Images a batch (default: as in each extractor's training, else 128).")
  var batch: Int?
  @Flag(help: "Measure pairs without a common anchor too.") var allowDifferentSpace = false
  @Option(
    help: ArgumentHelp("Directory for a page with a heat map a data set.", valueName: "dir"))
  var report: String?
  @Flag(help: "Search with each extractor among each, as dovetail retrieval does.")
  var retrieval = false
  @OptionGroup var device: DeviceOption
  @OptionGroup var json: JSONOption

  func validate() throws {
    if let batch, batch < 2 {
      throw ValidationError("--batch: expected at least 2, got \(batch)")
    }
    if data.isEmpty { throw ValidationError("--data: give labeled images, KIND=PATH") }
    try split.require(for: data)
  }

  func run() throws {
    try ExitStatus.reporting {
      try json.check()
      let parts = try files.compactMap { file -> (name: String, part: Component)? in
        guard case .component(let part) = try ComponentFile.Contents(path: file) else { return nil }
        return (file, part)
      }
      let extractors = parts.filter { $0.part.header.kind == .extractor }
      let heads = parts.filter { $0.part.header.kind == .head }
      let backend = try device.open()
      guard !extractors.isEmpty, !heads.isEmpty else {
        throw ValidationError(
          "expected at least one extractor and one head, got \(extractors.count) and "
            + "\(heads.count)")
      }
      let matrix = try Waiting.note("measuring \(extractors.count) × \(heads.count) pairs") {
        try CompatibilityMatrix(
          extractors: extractors, heads: heads, data: load,
          certifier: Certifier(batchSize: batch, on: backend),
          allowDifferentSpace: allowDifferentSpace)
      }
      let tables = try retrieval ? self.retrieval(extractors, on: backend) : nil
      try json.write(Output(cells: matrix.cells, retrieval: tables))
      if let report {
        try MatrixReport.of(matrix, device: backend.deviceDescription, in: report)
          .write(to: report)
      }
      if !json.takesStdout {
        Console.print(MatrixTable.text(matrix))
        for table in tables ?? [] {
          Console.print("\n" + RetrievalText.text(table))
        }
        if let report { Console.print("Report: \(report)/report.html") }
      }
    }
  }

  /// The matrix, and what was asked for beside it.
  private struct Output: Encodable {
    let cells: [CompatibilityMatrix.Cell]
    let retrieval: [RetrievalTable]?
  }

  /// Of every data set.
  private func retrieval(
    _ extractors: [(name: String, part: Component)], on backend: any Backend
  ) throws -> [RetrievalTable] {
    try data.indices.map { index in
      var byForm: [PictureForm: Dataset] = [:]
      func dataset(_ form: PictureForm) throws -> Dataset {
        if let known = byForm[form] { return known }
        let loaded = try data[index].load(form, split)
        byForm[form] = loaded
        return loaded
      }
      let first = try dataset(extractors[0].part.header.preprocessing!.form)
      return try RetrievalTable(
        extractors, on: first.name, images: { try dataset($0).test }, batchSize: batch,
        backend: backend)
    }
  }

  /// A synonym belongs to the data sets that have the class.
  private func load(_ form: PictureForm) throws -> [LabeledImages] {
    let all = try synonyms.dictionary()
    let sets = try data.map { ($0.kind, try $0.load(form, split)) }
    if let unknown = all.keys.sorted().first(where: { name in
      !sets.contains { $0.1.classNames.contains(name) }
    }) {
      throw ValidationError("--synonyms: no data set has a class “\(unknown)”")
    }
    return try sets.map { kind, set in
      try LabeledImages(
        set, kind: kind, synonyms: all.filter { set.classNames.contains($0.key) })
    }
  }
}

enum MatrixTable {
  private static let shownReasons = 4

  static func text(_ matrix: CompatibilityMatrix) -> String {
    var lines: [String] = []
    let short = shortener(matrix.cells.flatMap { [$0.extractor, $0.head] })
    for data in unique(matrix.cells.map(\.data)) {
      let cells = matrix.cells.filter { $0.data == data }
      let heads = unique(cells.map(\.head))
      var rows = [["\(data): extractor \\ head"] + heads.map(short)]
      for extractor in unique(cells.map(\.extractor)) {
        rows.append(
          [short(extractor)]
            + heads.map { head in
              cells.first { $0.extractor == extractor && $0.head == head }.map(value) ?? "–"
            })
      }
      lines += ResultTable.aligned(rows) + [""]
      lines += costs(cells, data, heads, short)
    }
    lines.append("* compatible (dovetail certify --help says what that is)")
    let aligned = unique(
      matrix.cells.filter { $0.certificate?.featureSpace.isAligned == true }
        .map { "\(short($0.extractor)), \(short($0.head))" })
    lines += aligned.map { "\($0): \(Fit.alignedWords)" }
    let reasons = unique(
      matrix.cells.compactMap { cell in
        cell.reason.map { "– \(short(cell.extractor)), \(short(cell.head)): \($0)" }
      })
    lines += reasons.prefix(shownReasons)
    if reasons.count > shownReasons {
      lines.append("– and \(reasons.count - shownReasons) more such pairs; --json tells all")
    }
    return lines.joined(separator: "\n")
  }

  /// Where own heads are known: what a change to another head costs.
  private static func costs(
    _ cells: [CompatibilityMatrix.Cell], _ data: String, _ heads: [String],
    _ short: (String) -> String
  ) -> [String] {
    guard cells.contains(where: { $0.certificate?.upperBound != nil }) else { return [] }
    var rows = [["\(data): recombined / own (flips)"] + heads.map(short)]
    for extractor in unique(cells.map(\.extractor)) {
      rows.append(
        [short(extractor)]
          + heads.map { head in
            let cell = cells.first { $0.extractor == extractor && $0.head == head }
            guard let certificate = cell?.certificate, let upper = certificate.upperBound
            else { return "–" }
            return (certificate.ratio.map { Format.fixed($0, 2) } ?? "–")
              + " (−\(upper.negativeFlips) +\(upper.positiveFlips))"
          })
    }
    return ResultTable.aligned(rows) + [""]
  }

  private static func value(_ cell: CompatibilityMatrix.Cell) -> String {
    guard let certificate = cell.certificate else { return "–" }
    return Format.percent(certificate.accuracy) + (certificate.verdict.isCompatible ? "*" : " ")
  }

  static func unique(_ names: [String]) -> [String] {
    var seen: Set<String> = []
    return names.filter { seen.insert($0).inserted }
  }

  /// As few of a path's last parts as tell all paths apart.
  static func shortener(_ paths: [String]) -> (String) -> String {
    let all = Set(paths)
    func last(_ count: Int, _ path: String) -> String {
      var name = path.split(separator: "/").suffix(count).joined(separator: "/")
      if name.hasSuffix(".safetensors") { name.removeLast(12) }
      return name
    }
    let count =
      (1...20).first { count in Set(all.map { last(count, $0) }).count == all.count } ?? 20
    return { last(count, $0) }
  }
}
