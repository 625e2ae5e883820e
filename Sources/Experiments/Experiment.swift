import Training

/// A figure or a table of the paper: which trainings it needs, what is read off them, and the
/// paper's own numbers. Each is one file in Declarations/.
public struct Experiment: Sendable {
  public let name: String
  public let title: String
  public let summary: String
  /// What the paper did otherwise, whatever the data and the scale.
  public let deviations: [String]
  public let rows: [Row]
  /// Whether the correlation of features is drawn.
  public let drawsCorrelations: Bool

  /// The data sets that its trainings need.
  var roles: Set<DataRole> { Set(rows.flatMap(\.trainings).flatMap(\.roles)) }

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
    public let trainings: [Training]
    public let metric: Metric
    public var note: String?

    init(
      _ name: String, paper: Double? = nil, _ trainings: [Training],
      _ metric: Metric = .recombination,
      group: String? = nil, note: String? = nil
    ) {
      (self.name, self.paper, self.trainings, self.metric) = (name, paper, trainings, metric)
      (self.group, self.note) = (group, note)
    }
  }

  /// One figure of a finished run.
  public enum Metric: Sendable, Hashable {
    /// Recombination accuracy, mean of both directions.
    case recombination
    /// On the test images of one role alone.
    case recombinationOn(DataRole)
    /// Own-task accuracy on the common classes, mean of the tasks: the upper bound.
    case ownTask
    /// Mean correlation of the features, channel by channel or after the best permutation.
    case correlation(permuted: Bool)
    /// Linear CKA of the features.
    case linearCKA
  }

  public static let all: [Experiment] = [
    .fig2, .fig3, .sameTask, .splits, .commonClasses, .selfSupervision,
  ]
}

/// One training of an experiment; trainings of different experiments that are equal are run once.
public struct Training: Sendable {
  /// Which sets are its tasks, in their order.
  var roles: [DataRole] = [.cifar10, .stl10]
  /// What differs from independent joint training.
  let change: @Sendable (inout Recipe) -> Void
  let name: String

  init(
    _ name: String, roles: [DataRole] = [.cifar10, .stl10],
    _ change: @escaping @Sendable (inout Recipe) -> Void
  ) {
    (self.name, self.roles, self.change) = (name, roles, change)
  }

  /// Joint training by these methods.
  init(_ methods: CompatibilityMethod..., roles: [DataRole] = [.cifar10, .stl10]) {
    let short = methods.map(\.short).joined(separator: "+")
    self.init(short.isEmpty ? "independent" : short, roles: roles) { $0.methods = methods }
  }
}

extension CompatibilityMethod {
  /// As the paper abbreviates it.
  var short: String {
    switch self {
    case .identicalInitialWeights: "IIW"
    case .rotationPrediction: "RP"
    case .jigsaw: "jigsaw"
    case .commonClasses: "DCC"
    }
  }
}
