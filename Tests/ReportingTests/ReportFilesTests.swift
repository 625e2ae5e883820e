import Files
import Foundation
import Reporting
import Testing

@Suite struct ReportFilesTests {
  @Test func allFilesAreThereAndLinked() throws {
    try EventFileTests.inFolder { folder in
      let place = "\(folder)/new/reports"
      try Made.report.write(to: place)
      let files = FileManager.default
      #expect(
        try files.contentsOfDirectory(atPath: place).sorted()
          == ["figures", "report.html", "report.md", "results.json"])
      let figures = try files.contentsOfDirectory(atPath: "\(place)/figures")
      #expect(Set(figures) == Set(Made.figures.indices.map { "fig2-\($0 + 1).svg" }))
      let markdown = try String(contentsOfFile: "\(place)/report.md", encoding: .utf8)
      for name in figures { #expect(markdown.contains("](figures/\(name))")) }
      let page = try String(contentsOfFile: "\(place)/report.html", encoding: .utf8)
      #expect(page == HTMLReport.page(Made.report))
    }
  }

  @Test func resultsHaveEveryKey() throws {
    let object = try JSONSerialization.jsonObject(with: Made.report.json)
    let experiments = try #require((object as? [String: Any])?["experiments"] as? [[String: Any]])
    let rows = try #require(experiments[0]["rows"] as? [[String: Any]])
    #expect(
      Set(rows[2].keys) == [
        "name", "group", "unit", "paper", "mean", "standardDeviation", "interval", "intervalKind",
        "n", "runs", "ratio", "rotationAccuracy", "note", "chance", "link",
      ])
    #expect(rows[0]["mean"] as? Double == 0.127 && rows[0]["paper"] as? Double == 0.106)
    for key in ["mean", "standardDeviation", "interval", "note"] {
      #expect(rows[2][key] is NSNull, "\(key)")
    }
    let runs = try #require(rows[0]["runs"] as? [[String: Any]])
    #expect(runs[0]["value"] as? Double == 0.121 && runs[2]["value"] is NSNull)
  }

  @Test func resultsAreReadAgain() throws {
    var report = Made.report
    // NaN equals nothing, itself included.
    report.experiments[0].figures = [.scatter(Made.scatter), .scatter(Made.crowd)]
    report.experiments[0].rows[2].standardDeviation = nil
    #expect(try Report(json: report.json) == report)
    let kept = try Report(json: Made.report.json).experiments[0].figures
    #expect(kept.map(\.title) == Made.figures.map(\.title))
  }

  @Test func aPlaceThatCannotBeIsNamed() throws {
    try EventFileTests.inFolder { folder in
      let file = "\(folder)/file"
      try Data("x".utf8).write(to: URL(fileURLWithPath: file))
      #expect(throws: FileError.self) { try Made.report.write(to: file) }
    }
  }
}
