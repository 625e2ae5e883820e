/// `report.html`: one page that needs nothing else: no script, no network, no second file.
public enum HTMLReport {
  public static func page(_ report: Report) -> String {
    let sections = zip(report.experiments, Self.anchors(report)).map { experiment, anchor in
      section(experiment, anchor: anchor)
    }
    let head: [Markup] = [
      .tag("meta", [("charset", "utf-8")]),
      .tag("meta", [("name", "viewport"), ("content", "width=device-width, initial-scale=1")]),
      .tag("title", [], report.title),
      .style(Palette.properties + Palette.rules + HTMLStyle.page),
    ]
    var top = [Markup.tag("h1", [], report.title)]
    if let notice = report.notice { top.append(.tag("p", [("class", "notice")], notice)) }
    let header = Markup.tag("header", [], top + facts(report.environment))
    let body = [header] + contents(report) + [.tag("main", [], sections)]
    return "<!DOCTYPE html>\n"
      + Markup.tag("html", [("lang", "en")], [.tag("head", [], head), .tag("body", [], body)])
      .source
      + "\n"
  }

  /// A word for each experiment, none twice.
  static func anchors(_ report: Report) -> [String] {
    var used: Set<String> = []
    return report.experiments.map { experiment in
      let word = identifier(experiment.name)
      var anchor = word
      var count = 1
      while !used.insert(anchor).inserted {
        count += 1
        anchor = "\(word)-\(count)"
      }
      return anchor
    }
  }

  /// Letters, digits and hyphens of a name.
  static func identifier(_ name: String) -> String {
    let word = String(
      name.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? Character($0.lowercased()) : "-" })
    return word.first?.isLetter == true ? word : "e-\(word)"
  }

  // MARK: Parts

  private static func contents(_ report: Report) -> [Markup] {
    guard report.experiments.count > 1 else { return [] }
    let items = zip(report.experiments, anchors(report)).map { experiment, anchor in
      Markup.tag("li", [], [.tag("a", [("href", "#\(anchor)")], experiment.title)])
    }
    return [.tag("nav", [("aria-label", "Contents")], [.tag("ul", [], items)])]
  }

  private static func section(_ experiment: Report.Experiment, anchor: String) -> Markup {
    var children: [Markup] = [.tag("h2", [], experiment.title)]
    if let finding = experiment.finding {
      children.append(.tag("p", [("class", "finding")], finding))
    }
    if !experiment.summary.isEmpty {
      children.append(.tag("p", [("class", "summary")], experiment.summary))
    }
    var parts: [Markup] = []
    if !experiment.rows.isEmpty {
      parts.append(HTMLTables.results(experiment.rows, label: experiment.title))
    }
    if !experiment.figures.isEmpty {
      parts.append(figures(experiment.figures, anchor: anchor))
    }
    children += experiment.leadsWithFigures ? parts.reversed() : parts
    if let refusals = experiment.refusals, !refusals.isEmpty {
      let count = "\(refusals.count) pair\(refusals.count == 1 ? "" : "s") without a value"
      children.append(.tag("details", [], [.tag("summary", [], count)] + facts(refusals)))
    }
    if let terms = experiment.terms, !terms.isEmpty {
      children.append(.tag("h3", [], "Methods"))
      children += facts(terms, style: "terms")
    }
    if !experiment.deviations.isEmpty {
      children.append(.tag("h3", [], "Differs from the paper"))
      children.append(.tag("ul", [], experiment.deviations.map { .tag("li", [], $0) }))
    }
    if !experiment.facts.isEmpty {
      children.append(.tag("h3", [], "How it was measured"))
      children += facts(experiment.facts)
    }
    if experiment.rows.contains(where: { !$0.runs.isEmpty }) {
      children.append(HTMLTables.runs(experiment.rows, label: experiment.title))
    }
    return .tag("section", [("id", anchor)], children)
  }

  /// Two in a row where there is room; of an odd number the first has the whole width.
  private static func figures(_ figures: [Report.Figure], anchor: String) -> Markup {
    let drawn = figures.enumerated().map { index, figure in
      let name = "\(anchor)-\(index + 1)"
      let narrow = figure.markup(name, standalone: false)
      guard index == 0, figures.count % 2 == 1 else { return Markup.tag("figure", [], [narrow]) }
      // Drawn twice, as words have one size on any screen; the style sheet shows one of them.
      let wide = figure.markup("\(name)-wide", standalone: false, width: Drawing.wide)
      return Markup.tag(
        "figure", [("class", "whole")],
        [.tag("div", [("class", "narrow")], [narrow]), .tag("div", [("class", "wide")], [wide])])
    }
    return .tag("div", [("class", "figures")], drawn)
  }

  private static func facts(_ facts: [Report.Fact], style: String = "") -> [Markup] {
    guard !facts.isEmpty else { return [] }
    let pairs = facts.map { fact in
      Markup.tag("div", [], [.tag("dt", [], fact.name), .tag("dd", [], fact.value)])
    }
    return [.tag("dl", style.isEmpty ? [] : [("class", style)], pairs)]
  }
}
