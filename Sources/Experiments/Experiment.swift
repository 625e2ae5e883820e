/// A figure or a table of the paper: which trainings it needs, what is read off them, and the
/// paper's own numbers. Each is one file in Declarations/.
public struct Experiment: Sendable {
  public let name: String
  public let title: String
  public let summary: String
  /// What the paper did otherwise, whatever the data and the scale.
  public let deviations: [String]
  public private(set) var rows: [Row]
  /// In place of `rows`, where they are not the same at every scale.
  var rowsAtScale: (@Sendable (Scale) -> [Row])?
  /// Whether the correlation of features is drawn.
  var drawsCorrelations = false

  /// Without these data sets the rows that need them stand empty, and the others are run.
  var optionalRoles: Set<DataRole> = []
  /// Series of a figure of accuracy along fine-tuning, with their trainings.
  var curves: [CurveFigure] = []
  /// Rows of paired differences, seed by seed.
  var differences: [Difference] = []

  /// With the rows of a scale.
  func at(_ scale: Scale) -> Experiment {
    var experiment = self
    if let rowsAtScale { experiment.rows = rowsAtScale(scale) }
    return experiment
  }

  /// The data sets that its trainings need.
  var roles: Set<DataRole> { Set(trainings.flatMap(\.allRoles)) }

  /// Whether any two data sets can take the places of the paper's: its networks and lengths are
  /// then those of the scale, or the ones that are asked for.
  public var isForAnyPair: Bool {
    roles.subtracting(optionalRoles) == [.cifar10, .stl10] && curves.isEmpty
  }

  /// Of its rows and its curves.
  var trainings: [PlannedTraining] {
    rows.flatMap(\.trainings) + curves.flatMap { $0.series.map(\.training) }
  }

  /// Rows without a group first, then group by group, in the order in which they stand.
  func grouped<Element>(_ rows: [Element], by group: (Element) -> String?) -> [Element] {
    var order: [String?] = [nil]
    for row in rows where !order.contains(group(row)) { order.append(group(row)) }
    return order.flatMap { name in rows.filter { group($0) == name } }
  }

  /// What a row is called, what the paper has for it, and how it is measured.
  public struct Row: Sendable {
    public let name: String
    public var group: String?
    /// In [0, 1]; nil where the paper prints none.
    public let paper: Double?
    /// Averaged over, seed by seed: the orders of incremental training, for example.
    public let trainings: [PlannedTraining]
    public let metric: Metric
    public var note: String?
    /// Whether it has a bar; what stands beside the experiment's question has none.
    let isDrawn: Bool

    init(
      _ name: String, paper: Double? = nil, _ trainings: [PlannedTraining],
      _ metric: Metric = .recombination,
      group: String? = nil, note: String? = nil, isDrawn: Bool = true
    ) {
      (self.name, self.paper, self.trainings, self.metric) = (name, paper, trainings, metric)
      (self.group, self.note, self.isDrawn) = (group, note, isDrawn)
    }

    func `in`(_ group: String) -> Row {
      var row = self
      row.group = group
      return row
    }
  }

  /// One row minus another of the same group; it stands behind the group's others.
  public struct Difference: Sendable {
    let name: String
    let of: Row, from: Row
    var paper: Double?
  }

  /// Accuracy along the training, one line a training.
  public struct CurveFigure: Sendable {
    let title: String
    let series: [(name: String, training: PlannedTraining)]
  }

  public static let all: [Experiment] = [
    .fig2, .fig3, .sameTask, .splits, .commonClasses, .batchNorm, .selfSupervision, .table2,
    .fig4, .fig5, .alignment, .fixedHeads, .corruptions,
  ]
}
