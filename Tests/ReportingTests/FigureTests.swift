import Foundation
import Reporting
import Testing

@Suite struct FigureTests {
  static func parsed(_ figure: Report.Figure) throws -> ParsedElement {
    try ParsedElement.parse(figure.svg(identifier: "fig"))
  }

  @Test(arguments: Made.figures.indices)
  func everyFigureIsAPictureWithWords(_ index: Int) throws {
    let source = Made.figures[index].svg(identifier: "fig")
    let svg = try ParsedElement.parse(source)
    #expect(svg.name == "svg" && svg.attributes["role"] == "img")
    let box = try #require(svg.attributes["viewBox"]).split(separator: " ").compactMap {
      Double($0)
    }
    #expect(box.count == 4 && box[2] == 360 && box[3] > 0 && box[3] < 3000)
    let ids = svg.all.compactMap { $0.attributes["id"] }
    #expect(Set(ids).count == ids.count)
    let labels = try #require(svg.attributes["aria-labelledby"]).split(separator: " ")
    #expect(labels.count == 2 && labels.allSatisfy { ids.contains(String($0)) })
    #expect(svg.all("title").count == 1 && svg.all("desc").count == 1)
    for element in svg.all {
      for (name, value) in element.attributes where value.hasPrefix("url(") {
        #expect(ids.contains(String(value.dropFirst(5).dropLast())), "\(name) \(value)")
      }
    }
  }

  @Test(arguments: Made.figures.indices)
  func nothingIsFetchedRunOrNoNumber(_ index: Int) throws {
    let source = Made.figures[index].svg(identifier: "fig")
    let withoutNamespace = source.replacingOccurrences(
      of: "xmlns=\"http://www.w3.org/2000/svg\"", with: "")
    #expect(withoutNamespace.count < source.count && !withoutNamespace.contains("http"))
    let svg = try ParsedElement.parse(source)
    #expect(svg.all("script").isEmpty && svg.all("image").isEmpty)
    let places = ["x", "y", "x1", "x2", "y1", "y2", "width", "height", "cx", "cy", "r"]
    for element in svg.all where element.name != "svg" {
      for place in places {
        guard let value = element.attributes[place], value != "100%" else { continue }
        #expect(Double(value)?.isFinite == true, "\(element.name) \(place)=\(value)")
      }
      if let path = element.attributes["d"] {
        #expect(path.first == "M" && !path.contains("n") && !path.contains("i"), "\(path)")
      }
    }
  }

  /// A letter is at least half as wide as it is high, on average; what this puts outside would be
  /// cut by a browser, too.
  @Test(arguments: Made.figures.indices)
  func wordsAreWithinThePicture(_ index: Int) throws {
    for text in try Self.parsed(Made.figures[index]).all("text") {
      guard text.attributes["transform"] == nil else { continue }
      let width = 13 * 0.5 * Double(text.text.count)
      let x = try text.number("x")
      let left =
        switch text.attributes["text-anchor"] {
        case "end": x - width
        case "middle": x - width / 2
        default: x
        }
      #expect(left >= -1 && left + width <= 361, "\"\(text.text)\" from \(left)")
    }
  }

  @Test(arguments: ["bars", "curves", "correlations", "scatter", "heat map"])
  func longAndForeignNamesAreWhole(_ kind: String) throws {
    let name =
      "Weights & <heads>, identical from the start, of a name longer than a line has room for"
    let figure: Report.Figure =
      switch kind {
      case "bars": .bars(.init(title: "t", items: [.init(label: name, mean: 0.5)]))
      case "curves":
        .curves(
          .init(
            title: "t", xLabel: "x", yLabel: "y",
            series: [.init(name: name, points: [.init(x: 1, y: 1)])]))
      case "correlations":
        .correlations(.init(title: "t", blocks: [.init(method: name, correlations: [0.5])]))
      case "scatter":
        .scatter(
          .init(title: "t", xLabel: "x", yLabel: "y", points: [.init(label: name, x: 0.5, y: 0.5)]))
      default:
        .heatMap(
          .init(
            title: "t", rowLabel: "r", columnLabel: "c", rows: [name], columns: ["c"],
            values: [[0.5]]))
      }
    let words = try Self.parsed(figure).all("text").map(\.text).joined(separator: " ")
    #expect(words.replacingOccurrences(of: "1 Weights", with: "Weights").contains(name), "\(words)")
  }

  @Test func barsAreAsLongAsTheirValues() throws {
    let svg = try Self.parsed(
      .bars(
        .init(
          title: "t",
          items: [.init(label: "a", paper: 0.8, mean: 0.2), .init(label: "b", mean: 0.4)])))
    // The first of each is the legend's.
    let ours = try svg.all("rect", class: "f0").dropFirst().map { try $0.number("width") }
    let paper = try svg.all("rect", class: "paper").dropFirst().map { try $0.number("width") }
    #expect(ours.count == 2 && paper.count == 1)
    #expect(abs(ours[1] / ours[0] - 2) < 0.01 && abs(paper[0] / ours[0] - 4) < 0.01)
    #expect(svg.all("text").map(\.text).contains("80.0\u{a0}%"))
  }

  @Test func rowsOfAUnitAreBars() {
    let bars = Report.Bars(title: "t", rows: Made.rows, chance: 0.1)
    #expect(bars.items.map(\.label) == Made.rows.prefix(3).map(\.name))
    #expect(
      bars.items[0]
        == .init(
          label: "independent", group: "random", paper: 0.106, mean: 0.127, low: 0.112, high: 0.142)
    )
    #expect(bars.items[1].low == nil && bars.chance == 0.1 && bars.unit == .percent)
  }

  @Test func missingValuesAreDashesWithoutABar() throws {
    let svg = try Self.parsed(
      .bars(
        .init(
          title: "t",
          items: [.init(label: "a", paper: 0.8), .init(label: "b", mean: .nan, low: 0, high: 1)])))
    #expect(svg.all("rect", class: "f0").count == 1)
    #expect(svg.all("text", class: "strong").map(\.text) == ["–", "–"])
    #expect(!svg.all("text").contains { $0.text.hasPrefix("0.0") })
  }

  @Test func stepsAreLogarithmicAndZeroHasItsPlace() throws {
    let points = [0.0, 1, 10, 100, 1000].map { Report.Curves.Point(x: $0, y: 0.5) }
    let svg = try Self.parsed(
      .curves(
        .init(
          title: "t", xLabel: "x", yLabel: "y", logarithmicX: true,
          series: [.init(name: "s", points: points)])))
    let places = try svg.all("circle").dropFirst().map { try $0.number("cx") }.sorted()
    #expect(places.count == 5)
    let steps = zip(places.dropFirst(), places).map { $0 - $1 }
    #expect(abs(steps[1] - steps[2]) < 0.02 && abs(steps[2] - steps[3]) < 0.02 && steps[0] > 10)
    #expect(["0", "1", "10", "100", "1000"].allSatisfy(svg.all("text").map(\.text).contains))
  }

  @Test func aLineIsBrokenWhereAValueIsMissing() throws {
    let points = [0.1, nil, 0.3, 0.4].enumerated().map { Report.Curves.Point(x: Double($0), y: $1) }
    let svg = try Self.parsed(
      .curves(
        .init(title: "t", xLabel: "x", yLabel: "y", series: [.init(name: "s", points: points)])))
    let path = try #require(svg.all("path", class: "line").first?.attributes["d"])
    #expect(path.filter { $0 == "M" }.count == 2 && path.filter { $0 == "L" }.count == 1)
    #expect(svg.all("circle").count == 1 + 3)
  }

  @Test func correlationsAreSortedAndTheirMeanIsPrinted() throws {
    let svg = try Self.parsed(
      .correlations(
        .init(title: "t", blocks: [.init(method: "m", correlations: [0.1, 0.9, 0.5], paper: 0.34)]))
    )
    #expect(svg.all("text", class: "strong").map(\.text) == ["mean 0.50, paper 0.34"])
    let area = try #require(svg.all("path", class: "f0").first?.attributes["d"])
    let heights = area.split(separator: "V").dropFirst().dropLast().compactMap {
      Double($0.prefix { $0 != "H" })
    }
    #expect(heights.count == 3 && heights == heights.sorted())
  }

  @Test func everyCellHasItsValue() throws {
    let values: [[Double?]] = [[0.1, 0.2, nil], [0.4, 0.5, 0.6]]
    let svg = try Self.parsed(
      .heatMap(
        .init(
          title: "t", rowLabel: "r", columnLabel: "c", rows: ["a", "b"], columns: ["x", "y", "z"],
          values: values)))
    #expect(svg.all("rect", class: "cell").count == 6)
    let texts = svg.all("text").map(\.text)
    for text in ["10.0", "20.0", "40.0", "50.0", "60.0", "–"] {
      #expect(texts.filter { $0 == text }.count == 1)
    }
  }

  /// Chance stands on the scale, and cells that are marked say so.
  @Test func aHeatMapShowsMarksAndChance() throws {
    var map = Report.HeatMap(
      title: "t", rowLabel: "r", columnLabel: "c", rows: ["a", "b"], columns: ["x", "y"],
      values: [[0.1, 0.9], [0.8, nil]])
    let plain = try Self.parsed(.heatMap(map))
    #expect(plain.all("path").isEmpty && !plain.all("text").contains { $0.text.contains("chance") })
    map.marks = [[false, true], [true, false]]
    map.markLabel = "compatible"
    map.chance = 0.1
    let svg = try Self.parsed(.heatMap(map))
    // Two cells and the key.
    #expect(svg.all("path").count == 3)
    let texts = svg.all("text").map(\.text)
    #expect(texts.contains("compatible") && texts.contains("chance 10.0\u{a0}%"))
    let words = try #require(svg.all("desc").first?.text)
    #expect(words.contains("y 90.0\u{a0}% (compatible)") && words.contains("x 10.0\u{a0}%, y"))
  }

  @Test func picturesAreShownWithTheirWords() throws {
    let item = Report.Pictures.Item(
      size: 2, pixels: Data([255, 0, 0, 0, 255, 0, 0, 0, 255, 1, 2, 3]), label: "a cup",
      lines: [
        .init(name: "as usual", value: "tree", isRight: false),
        .init(name: "compatible", value: "cup", isRight: true),
      ])
    let figure = Report.Figure.pictures(.init(title: "t", items: [item, item, item, item]))
    let svg = try Self.parsed(figure)
    #expect(svg.all("image").count == 4 && svg.all("path").count == 8)
    #expect(svg.all("text").map(\.text).filter { $0 == "a cup" }.count == 4)
    let data = try #require(svg.all("image").first?.attributes["href"]?.split(separator: ",").last)
    let bitmap = Array(try #require(Data(base64Encoded: String(data))))
    // Two rows of two pixels, from the bottom, BGR, filled up to eight bytes.
    #expect(bitmap.count == 54 + 16 && bitmap[..<2].elementsEqual([66, 77]))
    #expect(Array(bitmap[54...]) == [255, 0, 0, 3, 2, 1, 0, 0, 0, 0, 255, 0, 255, 0, 0, 0])
    let again = try JSONDecoder().decode(
      Report.Figure.self, from: try JSONEncoder().encode(figure))
    #expect(again == figure)
  }

  /// Color, dash and marker together.
  @Test func everySeriesOfManyIsTheOnlyOneOfItsKind() throws {
    let points = (0..<3).map { Report.Curves.Point(x: Double($0), y: 0.5) }
    let svg = try Self.parsed(
      .curves(
        .init(
          title: "t", xLabel: "x", yLabel: "y",
          series: (0..<40).map { .init(name: "\($0)", points: points) })))
    let lines = svg.all("path").filter {
      $0.attributes["class"]?.hasPrefix("line ") == true
    }
    #expect(lines.count == 40)
    let kinds = lines.map {
      "\($0.attributes["class"] ?? "") \($0.attributes["stroke-dasharray"] ?? "")"
    }
    #expect(Set(kinds).count == 40)
  }

  @Test func linesBeyondThePaletteHaveAFigureOfTheirOwn() {
    func curves(_ count: Int) -> Report.Curves {
      Report.Curves(
        title: "t", xLabel: "x", yLabel: "y",
        series: (0..<count).map { .init(name: "\($0)", points: []) })
    }
    #expect(curves(7).parts == [curves(7)] && curves(0).parts == [curves(0)])
    let parts = curves(15).parts
    #expect(parts.map(\.title) == ["t, 1 of 3", "t, 2 of 3", "t, 3 of 3"])
    #expect(parts.map(\.series.count) == [5, 5, 5])
    #expect(parts.flatMap(\.series) == curves(15).series)
  }

  @Test func figuresInJSONSayWhatTheyAre() throws {
    // Those without NaN, which equals nothing.
    let figures = [3, 4, 6, 7, 9, 10, 11, 14].map { Made.figures[$0] }
    let data = try JSONEncoder().encode(figures)
    #expect(try JSONDecoder().decode([Report.Figure].self, from: data) == figures)
    #expect(String(decoding: data, as: UTF8.self).contains("\"kind\":\"scatter\""))
  }
}
