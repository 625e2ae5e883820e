extension Report {
  /// A drawing; `svg(identifier:)` makes a file of it. In JSON `kind` stands beside its content.
  public enum Figure: Hashable, Sendable {
    /// Ours and the paper's values as bars, as the paper's Fig. 2.
    case bars(Bars)
    /// Values along steps, common classes, …, as the paper's Fig. 5.
    case curves(Curves)
    /// Sorted correlations of the channels, a block for each method, as the paper's Fig. 3.
    case correlations(CorrelationBlocks)
    /// Points of two values each.
    case scatter(Scatter)
    /// A value for each row and column.
    case heatMap(HeatMap)
    /// A few pictures, and what networks say of them.
    case pictures(Pictures)

    /// What stands above the drawing.
    public var title: String {
      switch self {
      case .bars(let figure): figure.title
      case .curves(let figure): figure.title
      case .correlations(let figure): figure.title
      case .scatter(let figure): figure.title
      case .heatMap(let figure): figure.title
      case .pictures(let figure): figure.title
      }
    }
  }

  /// Values as bars, each with the paper's beside it and an interval where they are known (Fig. 2).
  public struct Bars: Codable, Hashable, Sendable {
    /// What stands above the drawing.
    public var title: String
    /// Of all values, the paper's and `chance` too.
    public var unit: Unit
    /// From left to right.
    public var items: [Item]
    /// Drawn as a line across: 0.1 for ten classes.
    public var chance: Double?

    public init(title: String, unit: Unit = .percent, items: [Item], chance: Double? = nil) {
      self.title = title
      self.unit = unit
      self.items = items
      self.chance = chance
    }

    /// A bar for each row of a table that is in the unit.
    public init(title: String, rows: [Row], unit: Unit = .percent, chance: Double? = nil) {
      let items = rows.filter { $0.unit == unit }.map { row in
        Item(
          label: row.name, group: row.group, paper: row.paper, mean: row.mean,
          low: row.interval?.low, high: row.interval?.high)
      }
      self.init(title: title, unit: unit, items: items, chance: chance)
    }

    /// Our value and the paper's of one row.
    public struct Item: Codable, Hashable, Sendable {
      /// What is measured.
      public var label: String
      /// What several items have in common, as in the table; nil: none.
      public var group: String?
      /// The paper's value; nil: it has none.
      public var paper: Double?
      /// Our value, the mean of the seeds; nil: not measured.
      public var mean: Double?
      /// The lower end of the interval around the mean.
      public var low: Double?
      /// The upper end.
      public var high: Double?

      public init(
        label: String, group: String? = nil, paper: Double? = nil, mean: Double? = nil,
        low: Double? = nil, high: Double? = nil
      ) {
        self.label = label
        self.group = group
        self.paper = paper
        self.mean = mean
        self.low = low
        self.high = high
      }
    }
  }

  /// Lines of y over x (Fig. 5).
  public struct Curves: Codable, Hashable, Sendable {
    /// What stands above the drawing.
    public var title: String
    /// What x is: "minibatches".
    public var xLabel: String
    /// What y is.
    public var yLabel: String
    /// The unit of y.
    public var unit: Unit
    /// x on a logarithmic scale; x = 0 has its own place left of it.
    public var logarithmicX: Bool
    /// Drawn as a line across; nil: none.
    public var chance: Double?
    /// The lines, in the legend's order.
    public var series: [Series]

    public init(
      title: String, xLabel: String, yLabel: String, unit: Unit = .percent,
      logarithmicX: Bool = false, chance: Double? = nil, series: [Series]
    ) {
      self.title = title
      self.xLabel = xLabel
      self.yLabel = yLabel
      self.unit = unit
      self.logarithmicX = logarithmicX
      self.chance = chance
      self.series = series
    }

    /// One line.
    public struct Series: Codable, Hashable, Sendable {
      /// As the legend has it.
      public var name: String
      /// In the order in which they are joined.
      public var points: [Point]

      public init(name: String, points: [Point]) {
        self.name = name
        self.points = points
      }
    }

    /// One value of a line, with its interval where it has one.
    public struct Point: Codable, Hashable, Sendable {
      /// In `xLabel`'s unit.
      public var x: Double
      /// Where it is missing the line is broken.
      public var y: Double?
      /// The lower end of the interval around y.
      public var low: Double?
      /// The upper end.
      public var high: Double?

      public init(x: Double, y: Double?, low: Double? = nil, high: Double? = nil) {
        self.x = x
        self.y = y
        self.low = low
        self.high = high
      }
    }
  }
}
