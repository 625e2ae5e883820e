import ArgumentParser
import Dovetail

struct Matrix: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure every extractor under every head.",
    discussion: """
      Auxiliary heads and models among the files are passed over. \(DataOptions.kinds) A pair that does not \
      fit has no accuracy, and the reason is given.

        dovetail matrix runs/first/components/*.safetensors --data made-up-ink \
      --data made-up-neon --json matrix.json
      """)

  @Argument(help: "Files of extractors and heads.") var files: [String]
  @Option(
    parsing: .singleValue,
    help: ArgumentHelp("Labeled images; may be repeated.", valueName: "kind=path"))
  var data: [DataChoice]
  @OptionGroup var split: SplitOption
  @OptionGroup var synonyms: SynonymOptions
  @Option(help: "Images a batch (default: as in each extractor's training, else 128).")
  var batch: Int?
  @Flag(help: "Measure pairs without a common anchor too.") var allowDifferentSpace = false
  @Option(
    help: ArgumentHelp("Directory for a page with a heat map a data set.", valueName: "dir"))
  var report: String?
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
      let matrix = try CompatibilityMatrix(
        extractors: extractors, heads: heads, data: load,
        certifier: Certifier(batchSize: batch, on: backend),
        allowDifferentSpace: allowDifferentSpace)
      try json.write(matrix)
      if let report {
        try MatrixReport.of(matrix, device: backend.deviceDescription).write(to: report)
      }
      if !json.takesStdout {
        Console.print(MatrixTable.text(matrix))
        if let report { Console.print("Report: \(report)/report.html") }
      }
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
    }
    lines.append("* compatible (dovetail certify --help says what that is)")
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
