extension Report.Figure {
  /// A file of its own: an SVG with its style sheet, for light and dark.
  /// - Parameter identifier: a word; its elements' ids begin with it.
  public func svg(identifier: String) -> String { markup(identifier, standalone: true).source }

  /// - Parameter standalone: not within a page that has the styles.
  func markup(_ identifier: String, standalone: Bool) -> Markup {
    var drawing = Drawing(identifier: identifier)
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
    }
    return drawing.svg(title: title, description: summary, standalone: standalone)
  }
}
