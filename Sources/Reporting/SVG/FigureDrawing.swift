extension Report.Figure {
  /// A file of its own: an SVG with its style sheet, for light and dark.
  /// - Parameter identifier: a word; its elements' ids begin with it.
  public func svg(identifier: String) -> String { markup(identifier, standalone: true).source }

  /// - Parameters:
  ///   - identifier: a word; its elements' ids begin with it.
  ///   - standalone: not within a page that has the styles.
  ///   - width: in units; `Drawing.wide` of a figure that has a page's width.
  func markup(
    _ identifier: String, standalone: Bool, width: Double = Drawing.narrow
  ) -> Markup {
    var drawing = Drawing(identifier: identifier, width: width)
    let summary: String
    switch self {
    case .bars(let figure):
      figure.draw(into: &drawing)
      summary = figure.summary
    case .curves(let figure):
      figure.draw(into: &drawing)
      summary = figure.summary
    case .correlations(let figure):
      figure.draw(into: &drawing)
      summary = figure.summary
    case .scatter(let figure):
      figure.draw(into: &drawing)
      summary = figure.summary
    case .heatMap(let figure):
      figure.draw(into: &drawing)
      summary = figure.summary
    case .pictures(let figure):
      figure.draw(into: &drawing)
      summary = figure.summary
    }
    return drawing.svg(title: title, description: summary, standalone: standalone)
  }
}
