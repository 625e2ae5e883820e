import Files
public import Foundation

extension Report {
  /// Pretty, keys sorted, with a final newline: `results.json`.
  public var json: Data {
    get throws {
      // Of figures; a row's are null. One of them must not cost the whole report.
      Data(try CanonicalJSON.file(self, nonFinite: true))
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
    try Folder.make(folder)
    func write(_ data: Data, _ name: String) throws {
      try AtomicFile.write(data, to: "\(directory)/\(name)")
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
