/// What was measured beside what the paper says; its JSON is `results.json`.
///
/// Accuracies are in [0, 1], percent only where they are printed. What is nil or not finite is
/// missing: an en dash on the pages, null in JSON, never a 0.
public struct Report: Codable, Hashable, Sendable {
  /// What stands above it all.
  public var title: String
  /// Device, version, date, data: what holds for all experiments.
  public var environment: [Fact]
  /// In the order of the pages.
  public var experiments: [Experiment]
  /// What a reader has to know before all else.
  public var notice: String?

  public init(
    title: String, environment: [Fact] = [], experiments: [Experiment] = [],
    notice: String? = nil
  ) {
    self.title = title
    self.environment = environment
    self.experiments = experiments
    self.notice = notice
  }

  /// A name and what belongs to it: "steps" and "500".
  public struct Fact: Codable, Hashable, Sendable {
    /// What it is.
    public var name: String
    /// As it is printed.
    public var value: String

    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// A figure or a table of the paper, done again.
  public struct Experiment: Codable, Hashable, Sendable {
    /// As on the command line: "fig2".
    public var name: String
    /// What stands above it.
    public var title: String
    /// What is measured, in some sentences; empty: nothing is said.
    public var summary: String
    /// How this differs from the paper, each point named.
    public var deviations: [String]
    /// Architecture, data sets, stand-ins, steps, seeds, minutes.
    public var facts: [Fact]
    /// Of its table.
    public var rows: [Row]
    /// Drawings below or above the table.
    public var figures: [Figure]
    /// What came out, in a sentence.
    public var finding: String?
    /// Abbreviations and what they stand for.
    public var terms: [Fact]?
    /// What has no value, and why.
    public var refusals: [Fact]?

    public init(
      name: String, title: String, summary: String = "", deviations: [String] = [],
      facts: [Fact] = [], rows: [Row] = [], figures: [Figure] = [], finding: String? = nil,
      terms: [Fact]? = nil, refusals: [Fact]? = nil
    ) {
      self.name = name
      self.title = title
      self.summary = summary
      self.deviations = deviations
      self.facts = facts
      self.rows = rows
      self.figures = figures
      (self.finding, self.terms, self.refusals) = (finding, terms, refusals)
    }

    /// A map of all values is seen before its table.
    var leadsWithFigures: Bool {
      if case .heatMap? = figures.first { return true }
      return false
    }
  }

  /// A confidence interval, in its value's unit.
  public struct Interval: Codable, Hashable, Sendable {
    /// Its lower end.
    public var low: Double
    /// Its upper end.
    public var high: Double

    public init(low: Double, high: Double) {
      self.low = low
      self.high = high
    }
  }

  /// What a value is, so how it is printed.
  public enum Unit: String, Codable, Hashable, Sendable, CaseIterable {
    /// A share: 0.339 is printed as 33.9 %.
    case percent
    /// A difference of shares: 0.021 is printed as +2.1 points.
    case points
    /// A correlation, a quotient: 0.34.
    case ratio
    case minutes
    case count
  }
}
