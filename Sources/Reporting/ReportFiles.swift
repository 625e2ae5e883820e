public import Foundation

/// A report that cannot be written.
public struct ReportFileError: Error, CustomStringConvertible, Sendable {
  public let path: String
  public let problem: String

  public var description: String { "\(path): \(problem)" }
}

extension Report {
  /// Pretty, keys sorted, with a final newline: `results.json`.
  public var json: Data {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      // Of figures; a row's are null. One of them must not cost the whole report.
      encoder.nonConformingFloatEncodingStrategy = .convertToString(
        positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
      return try encoder.encode(self) + Data("\n".utf8)
    }
  }

  /// What `json` wrote.
  public init(json: Data) throws {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    self = try decoder.decode(Report.self, from: json)
  }

  /// Writes `results.json`, `report.html`, `report.md` and its `figures/<experiment>-<n>.svg`.
  /// Each is there whole or not at all; the directory is made where it is missing.
  public func write(to directory: String) throws {
    let anchors = HTMLReport.anchors(self)
    func figure(_ experiment: Int, _ index: Int) -> String {
      "figures/\(anchors[experiment])-\(index + 1).svg"
    }
    let folder = experiments.contains { !$0.figures.isEmpty } ? "\(directory)/figures" : directory
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw ReportFileError(
        path: folder, problem: "cannot be created: \(error.localizedDescription)")
    }
    func write(_ data: Data, _ name: String) throws {
      let path = "\(directory)/\(name)"
      do {
        try data.write(to: URL(fileURLWithPath: path), options: .atomic)
      } catch {
        throw ReportFileError(
          path: path, problem: "cannot be written: \(error.localizedDescription)")
      }
    }
    for (place, experiment) in experiments.enumerated() {
      for (index, drawing) in experiment.figures.enumerated() {
        let svg = drawing.svg(identifier: "\(anchors[place])-\(index + 1)")
        try write(Data(svg.utf8), figure(place, index))
      }
    }
    try write(Data(MarkdownReport.text(self, figures: figure).utf8), "report.md")
    try write(Data(HTMLReport.page(self).utf8), "report.html")
    try write(try json, "results.json")
  }
}
