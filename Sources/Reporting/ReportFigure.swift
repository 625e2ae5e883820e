extension Report {
  /// A drawing; `svg(identifier:)` makes a file of it. In JSON `kind` stands beside its content.
  public enum Figure: Hashable, Sendable {
    /// Ours and the paper's values as bars, as the paper's Fig. 2.
    case bars(Bars)
    /// Values along steps, common classes, …, as the paper's Fig. 5.
    case curves(Curves)
    /// Sorted correlations of the channels, a block for each method, as the paper's Fig. 3.
    case correlations(CorrelationBlocks)
    case scatter(Scatter)
    /// A value for each row and column.
    case heatMap(HeatMap)
    /// A few pictures, and what networks say of them.
    case pictures(Pictures)

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

  public struct Bars: Codable, Hashable, Sendable {
    public var title: String
    public var unit: Unit
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

    public struct Item: Codable, Hashable, Sendable {
      public var label: String
      public var group: String?
      public var paper: Double?
      public var mean: Double?
      /// The ends of the interval around the mean.
      public var low: Double?
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

  public struct Curves: Codable, Hashable, Sendable {
    public var title: String
    public var xLabel: String
    public var yLabel: String
    /// The unit of y.
    public var unit: Unit
    /// x on a logarithmic scale; x = 0 has its own place left of it.
    public var logarithmicX: Bool
    public var chance: Double?
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

    public struct Series: Codable, Hashable, Sendable {
      public var name: String
      public var points: [Point]

      public init(name: String, points: [Point]) {
        self.name = name
        self.points = points
      }
    }

    public struct Point: Codable, Hashable, Sendable {
      public var x: Double
      /// Where it is missing the line is broken.
      public var y: Double?
      public var low: Double?
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
