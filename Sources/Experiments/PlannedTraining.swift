import Networks
import Recipes
import Runs
import Training

/// One training of an experiment; trainings of different experiments that are equal are run once.
public struct PlannedTraining: Sendable {
  let name: String
  /// Which sets are its tasks, in their order.
  var roles: [DataRole]
  /// Those whose components it goes on from: they are run before it.
  let needs: [PlannedTraining]
  /// What differs from independent joint training.
  let change: @Sendable (inout Recipe, Setting) -> Void

  /// What a training may ask for when its recipe is made.
  struct Setting {
    let scale: Scale
    /// Of one of those that it needs, with the same seed.
    let directory: (PlannedTraining) -> RunDirectory
    /// Names of the tasks of one of those.
    let tasks: (PlannedTraining) -> [String]
    /// Training images of a role.
    let images: (DataRole) -> Int
    /// Classes of a role, by label.
    let classNames: (DataRole) -> [String]
  }

  init(
    _ name: String, roles: [DataRole] = [.cifar10, .stl10], needs: [PlannedTraining] = [],
    _ change: @escaping @Sendable (inout Recipe, Setting) -> Void
  ) {
    (self.name, self.roles, self.needs, self.change) = (name, roles, needs, change)
  }

  init(
    _ name: String, roles: [DataRole] = [.cifar10, .stl10],
    _ change: @escaping @Sendable (inout Recipe) -> Void
  ) {
    self.init(name, roles: roles) { recipe, _ in change(&recipe) }
  }

  /// Joint training by these methods.
  init(_ methods: CompatibilityMethod..., roles: [DataRole] = [.cifar10, .stl10]) {
    let short = methods.map(\.short).joined(separator: "+")
    self.init(short.isEmpty ? "independent" : short, roles: roles) { $0.methods = methods }
  }

  /// Those that it needs, theirs before them, and it.
  var withNeeds: [PlannedTraining] { needs.flatMap(\.withNeeds) + [self] }

  /// All sets that have to be at hand.
  var allRoles: [DataRole] { withNeeds.flatMap(\.roles) }
}

extension PlannedTraining.Setting {
  /// File of the extractor of a training's task.
  func extractor(_ training: PlannedTraining, task: Int = 0) -> String {
    directory(training).extractor(tasks(training)[task])
  }

  func head(_ training: PlannedTraining, task: Int = 0) -> String {
    directory(training).head(tasks(training)[task])
  }

  func rotationHead(_ training: PlannedTraining) -> String {
    directory(training).auxiliary("rotation")
  }
}

extension Recipe {
  /// Another network than the analysis's, at the usual rate.
  mutating func train(_ architecture: Architecture) {
    self.architecture = architecture
    settings.learningRate = TrainingSettings().learningRate
  }
}

extension CompatibilityMethod {
  /// As the paper abbreviates it.
  var short: String {
    switch self {
    case .identicalInitialWeights: "IIW"
    case .rotationPrediction: "RP"
    case .commonClasses: "DCC"
    default: rawValue
    }
  }
}
