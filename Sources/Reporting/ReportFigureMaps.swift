extension Report {
  /// Two networks' correlations channel by channel, a block a method (Fig. 3).
  public struct CorrelationBlocks: Codable, Hashable, Sendable {
    /// What stands above the drawing.
    public var title: String
    /// From left to right.
    public var blocks: [Block]

    public init(title: String, blocks: [Block]) {
      self.title = title
      self.blocks = blocks
    }

    /// The correlations of one method.
    public struct Block: Codable, Hashable, Sendable {
      /// As it is called: `IIW+RP`.
      public var method: String
      /// One for each channel, in [−1, 1], in any order.
      public var correlations: [Double]
      /// The mean that the paper prints.
      public var paper: Double?

      public init(method: String, correlations: [Double], paper: Double? = nil) {
        self.method = method
        self.correlations = correlations
        self.paper = paper
      }

      /// Over the channels whose correlation is finite; nil where there are none.
      public var mean: Double? {
        let known = correlations.filter(\.isFinite)
        return known.isEmpty ? nil : known.reduce(0, +) / Double(known.count)
      }
    }
  }

  /// Points of two values each, with their names.
  public struct Scatter: Codable, Hashable, Sendable {
    /// What stands above the drawing.
    public var title: String
    /// What x is.
    public var xLabel: String
    /// What y is.
    public var yLabel: String
    /// The unit of x.
    public var xUnit: Unit
    /// The unit of y.
    public var yUnit: Unit
    /// In any order.
    public var points: [Point]

    public init(
      title: String, xLabel: String, yLabel: String, xUnit: Unit = .ratio,
      yUnit: Unit = .percent, points: [Point]
    ) {
      self.title = title
      self.xLabel = xLabel
      self.yLabel = yLabel
      self.xUnit = xUnit
      self.yUnit = yUnit
      self.points = points
    }

    /// One point; it is not drawn where a value is missing.
    public struct Point: Codable, Hashable, Sendable {
      /// What it belongs to.
      public var label: String
      /// In `xUnit`.
      public var x: Double?
      /// In `yUnit`.
      public var y: Double?

      public init(label: String, x: Double?, y: Double?) {
        self.label = label
        self.x = x
        self.y = y
      }
    }
  }

  /// A value for each row and column, as colors and figures.
  public struct HeatMap: Codable, Hashable, Sendable {
    /// What stands above the drawing.
    public var title: String
    /// What rows are: "extractor".
    public var rowLabel: String
    /// What columns are: "head".
    public var columnLabel: String
    /// Names of the rows, from the top.
    public var rows: [String]
    /// Names of the columns, from the left.
    public var columns: [String]
    /// `[row][column]`; nil where there is none.
    public var values: [[Double?]]
    /// Of the values, and of `chance`.
    public var unit: Unit
    /// Cells that bear a mark, `[row][column]`; nil: none.
    public var marks: [[Bool]]?
    /// What the mark says: "compatible".
    public var markLabel: String?
    /// Shown on the scale of colors.
    public var chance: Double?

    public init(
      title: String, rowLabel: String, columnLabel: String, rows: [String], columns: [String],
      values: [[Double?]], unit: Unit = .percent, marks: [[Bool]]? = nil,
      markLabel: String? = nil, chance: Double? = nil
    ) {
      self.title = title
      self.rowLabel = rowLabel
      self.columnLabel = columnLabel
      self.rows = rows
      self.columns = columns
      self.values = values
      self.unit = unit
      (self.marks, self.markLabel, self.chance) = (marks, markLabel, chance)
    }

    /// nil where there is none, also where `values` is too small.
    func value(_ row: Int, _ column: Int) -> Double? {
      guard values.indices.contains(row), values[row].indices.contains(column) else { return nil }
      return values[row][column].finite
    }
  }
}

// MARK: Coding

extension Report.Figure: Codable {
  private enum Kind: String, Codable { case bars, curves, correlations, scatter, heatMap, pictures }
  private enum Key: String, CodingKey { case kind }

  public init(from decoder: any Decoder) throws {
    let kind = try decoder.container(keyedBy: Key.self).decode(Kind.self, forKey: .kind)
    self =
      switch kind {
      case .bars: .bars(try Report.Bars(from: decoder))
      case .curves: .curves(try Report.Curves(from: decoder))
      case .correlations: .correlations(try Report.CorrelationBlocks(from: decoder))
      case .scatter: .scatter(try Report.Scatter(from: decoder))
      case .heatMap: .heatMap(try Report.HeatMap(from: decoder))
      case .pictures: .pictures(try Report.Pictures(from: decoder))
      }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    switch self {
    case .bars(let figure):
      try container.encode(Kind.bars, forKey: .kind)
      try figure.encode(to: encoder)
    case .curves(let figure):
      try container.encode(Kind.curves, forKey: .kind)
      try figure.encode(to: encoder)
    case .correlations(let figure):
      try container.encode(Kind.correlations, forKey: .kind)
      try figure.encode(to: encoder)
    case .scatter(let figure):
      try container.encode(Kind.scatter, forKey: .kind)
      try figure.encode(to: encoder)
    case .heatMap(let figure):
      try container.encode(Kind.heatMap, forKey: .kind)
      try figure.encode(to: encoder)
    case .pictures(let figure):
      try container.encode(Kind.pictures, forKey: .kind)
      try figure.encode(to: encoder)
    }
  }
}
