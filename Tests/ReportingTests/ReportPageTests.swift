import Foundation
import Reporting
import Testing

@Suite struct ReportPageTests {
  static let page = HTMLReport.page(Made.report)

  /// The page is XML, too; only its document type is not.
  static func parsed(_ report: Report) throws -> ParsedElement {
    let page = HTMLReport.page(report)
    #expect(page.hasPrefix("<!DOCTYPE html>\n"))
    return try ParsedElement.parse(String(page.dropFirst("<!DOCTYPE html>\n".count)))
  }

  @Test func thePageNeedsNothingElse() throws {
    #expect(!Self.page.contains("http") && !Self.page.contains("<script"))
    let html = try Self.parsed(Made.report)
    #expect(html.all.allSatisfy { $0.attributes["src"] == nil && $0.name != "link" })
    #expect(html.all.allSatisfy { $0.attributes.keys.allSatisfy { !$0.hasPrefix("on") } })
    // Of an odd number the first is drawn for two widths.
    #expect(!Made.figures.count.isMultiple(of: 2))
    #expect(html.all("svg").count == Made.figures.count + 1)
  }

  @Test func linksMeetTheirSectionsAndIdsAreUnique() throws {
    let html = try Self.parsed(Made.report)
    let ids = html.all.compactMap { $0.attributes["id"] }
    #expect(Set(ids).count == ids.count)
    let links = html.all("a").compactMap { $0.attributes["href"] }.filter { $0.hasPrefix("#") }
    #expect(links == ["#fig2", "#fig2-2", "#e-3--"])
    #expect(html.all("section").map { "#\($0.attributes["id"] ?? "")" } == links)
  }

  @Test func nastyTextIsText() throws {
    let html = try Self.parsed(Made.report)
    let kept = Made.nasty.replacingOccurrences(of: "\u{1}", with: "\u{fffd}")
    #expect(html.all("h1").map(\.text) == ["Beside the paper \(kept)"])
    #expect(html.all("dd").map(\.text).contains(kept))
    #expect(html.all("li").map(\.text).contains(kept))
  }

  @Test func theTableHasThePaperBesideOurs() throws {
    let html = try Self.parsed(Made.report)
    let table = try #require(html.all("table").first)
    let rows = table.all("tr").map { row in
      row.all.filter { $0.name == "th" || $0.name == "td" }.map(\.text)
    }
    let note = Made.nasty.replacingOccurrences(of: "\u{1}", with: "\u{fffd}")
    let space = "\u{a0}"
    #expect(
      rows == [
        ["", "paper", "ours: mean ± std (n)", "interval", "note"],
        ["random"],
        [
          "independent", "10.6\(space)%", "12.7\(space)±\(space)0.6\(space)%\(space)(3)",
          "11.2 to\(space)14.2\(space)% (95 % t)", "",
        ],
        ["IIW|RP *all*", "–", "25.0\(space)%\(space)(1)", "–", note],
        ["else"],
        [note, "50.0\(space)%", "–", "–", ""],
        [
          "difference", "–", "−2.1\(space)±\(space)1.0\(space)points\(space)(2)",
          "−4.0 to\(space)+1.0\(space)points (range)", "",
        ],
        ["correlation", "0.34", "0.00\(space)(1)", "–", ""],
      ])
    #expect(table.all("tr")[1].all("th")[0].attributes["colspan"] == "5")
  }

  @Test func theRatioAndTheRotationHeadsAccuracyHaveColumns() throws {
    let report = Report(
      title: "t",
      experiments: [
        .init(
          name: "a", title: "A",
          rows: [
            .init(
              name: "RP", paper: 0.501, mean: 0.3, n: 2,
              ratio: .init(paper: 0.58, mean: 0.51, standardDeviation: 0.02, runs: [0.5, 0.52]),
              rotationAccuracy: [0.75, 0.701]),
            .init(
              name: "DCC", mean: 0.4,
              ratio: .init(
                paper: nil, mean: 0.7, standardDeviation: nil, runs: [0.7])),
            .init(name: "else", mean: 0.2),
          ])
      ])
    let table = try #require(try Self.parsed(report).all("table").first)
    let rows = table.all("tr").map { row in
      row.all.filter { $0.name == "th" || $0.name == "td" }.map {
        $0.text.replacingOccurrences(of: "\u{a0}", with: " ")
      }
    }
    #expect(
      rows == [
        ["", "paper", "ours: mean ± std (n)", "ratio, paper", "ratio, ours", "rotation"],
        ["RP", "50.1 %", "30.0 % (2)", "0.58", "0.51 ± 0.02", "75.0 / 70.1 %"],
        ["DCC", "–", "40.0 %", "–", "0.70", "–"],
        ["else", "–", "20.0 %", "–", "–", "–"],
      ])
    let text = try String(decoding: report.json, as: UTF8.self)
    #expect(try JSONDecoder().decode(Report.self, from: Data(text.utf8)) == report)
  }

  @Test func singleRunsHaveSeedsAndDirectories() throws {
    let html = try Self.parsed(Made.report)
    let table = try #require(html.all("details").first)
    let rows = table.all("tr").map { $0.all.filter { $0.name == "td" }.map(\.text) }
    #expect(
      rows == [
        [""], ["0", "12.1\u{a0}%", "runs/a/0"], ["1", "13.3\u{a0}%", "–"],
        ["18446744073709551615", "–", "–"],
      ])
  }

  /// A row of one run leads to its folder, and each run of several does.
  @Test func rowsLeadToTheirRuns() throws {
    let report = Report(
      title: "t",
      experiments: [
        .init(
          name: "a", title: "A",
          rows: [
            .init(
              name: "one", mean: 0.5, n: 1,
              runs: [.init(seed: 0, value: 0.5, directory: "runs/a b/0")]),
            .init(
              name: "two", mean: 0.5, n: 2,
              runs: [
                .init(seed: 0, value: 0.5, directory: "runs/c"),
                .init(seed: 1, value: 0.5, directory: "runs/d"),
              ]),
            .init(name: "given", mean: 0.5, link: "../elsewhere"),
          ])
      ])
    let html = try Self.parsed(report)
    let first = try #require(html.all("table").first)
    #expect(first.all("a").map { $0.attributes["href"] } == ["runs/a%20b/0/", "../elsewhere/"])
    let all = html.all("a").compactMap { $0.attributes["href"] }
    #expect(all.filter { ["runs/a%20b/0/", "runs/c/", "runs/d/"].contains($0) }.count == 4)
  }

  /// What came out stands before what was done, a map before its table, refusals are folded.
  @Test func thePageLeadsWithWhatCameOut() throws {
    let map = Report.HeatMap(
      title: "t", rowLabel: "r", columnLabel: "c", rows: ["a"], columns: ["b"], values: [[0.5]])
    let rows = [Report.Row(name: "a + b", mean: 0.5, n: 1, chance: 0.1)]
    var report = Report(
      title: "t",
      experiments: [
        .init(
          name: "m", title: "M", summary: "what was done", rows: rows, figures: [.heatMap(map)],
          finding: "what came out", terms: [.init("RP", "rotation prediction")],
          refusals: [.init("a + c", "no anchor in common")])
      ], notice: "only that it runs")
    func places(_ words: String...) throws -> [Int] {
      let names = try Self.parsed(report).all.map { element in
        element.name == "p" || element.name == "summary" ? element.text : element.name
      }
      return try words.map { word in try #require(names.firstIndex(of: word), "\(word)") }
    }
    let order = try places("only that it runs", "what came out", "what was done", "svg", "table")
    #expect(order == order.sorted())
    #expect(
      try Self.parsed(report).all("details").map { $0.all("dd").map(\.text) } == [
        ["no anchor in common"]
      ])
    let header = try #require(try Self.parsed(report).all("thead").first)
    #expect(header.all("th").map(\.text) == ["mean ± std (n)", "chance"])
    // Other figures follow the table.
    report.experiments[0].figures = [.bars(.init(title: "b", rows: rows))]
    let later = try places("table", "svg")
    #expect(later == later.sorted())
    let text = MarkdownReport.text(report)
    #expect(text.contains("> only that it runs") && text.contains("**what came out**"))
    #expect(text.contains("**RP**: rotation prediction"))
    #expect(
      report.experiments[0].textRows == [
        ["", "mean ± std (n)", "chance"], ["a + b", "50.0 % (1)", "10.0 %"],
      ])
  }

  /// On a phone each cell bears the title of its column.
  @Test func cellsKnowTheirColumns() throws {
    let table = try #require(try Self.parsed(Made.report).all("table", class: "results").first)
    let titles = table.all("thead")[0].all("th").map(\.text)
    for row in table.all("tbody")[0].all("tr") {
      let cells = row.all("td")
      #expect(cells.isEmpty || cells.map { $0.attributes["data-label"] } == titles)
    }
  }

  @Test func oneExperimentNeedsNoContents() throws {
    let html = try Self.parsed(Report(title: "t", experiments: [.init(name: "a", title: "A")]))
    #expect(html.all("nav").isEmpty && html.all("table").isEmpty && html.all("dl").isEmpty)
  }

  @Test func markdownHasTheSameTable() {
    let text = MarkdownReport.text(Made.report) { "figures/\($0)-\($1).svg" }
    let lines = text.split(separator: "\n").map { $0.replacingOccurrences(of: "\u{a0}", with: " ") }
    let table = lines.drop { !$0.hasPrefix("|") }.prefix { $0.hasPrefix("|") }
    let note =
      "&lt;/text&gt;&lt;script&gt;alert('1')&lt;/script&gt; &amp; \"quoted\" \u{1}\\]\\]&gt; é ↔ 漢字 🦆"
    #expect(
      Array(table) == [
        "|  | paper | ours: mean ± std (n) | interval | note |",
        "| --- | ---: | ---: | ---: | --- |",
        "| **random** |  |  |  |  |",
        "| independent | 10.6 % | 12.7 ± 0.6 % (3) | 11.2 to 14.2 % (95 % t) |  |",
        "| IIW\\|RP \\*all\\* | – | 25.0 % (1) | – | \(note) |",
        "| **else** |  |  |  |  |",
        "| \(note) | 50.0 % | – | – |  |",
        "| difference | – | −2.1 ± 1.0 points (2) | −4.0 to +1.0 points (range) |  |",
        "| correlation | 0.34 | 0.00 (1) | – |  |",
      ])
    #expect(lines.contains("![Recombination accuracy](figures/0-0.svg)"))
  }
}
