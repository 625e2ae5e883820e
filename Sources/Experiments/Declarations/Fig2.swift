import Networks
import Recipes
import Runs
import Training

extension Experiment {
  /// Fig. 2: how compatible each method makes two networks.
  static let fig2 = Experiment(
    name: "fig2", title: "Recombination accuracy of every method (Fig. 2)",
    summary: """
      Two networks, each trained for its own data set, and each one's extractor under the other's \
      head, on the test images of the common classes.
      """,
    deviations: [],
    rows: bars + preTrained + bounds + [
      Row(
        "IIW+RP+DCC, incremental", paper: 0.727,
        [incremental([.cifar10, .stl10]), incremental([.stl10, .cifar10])],
        group: "incremental", note: "mean of both orders")
    ]
      + [DataRole.cifar10, .stl10].flatMap { role in
        methods.map { name, _, training in
          Row(
            name, [training], .recombinationOn(role),
            group: "on the images given for \(role.title)", isDrawn: false)
        }
      },
    optionalRoles: [.ilsvrc12],
    differences: [
      Difference(
        name: "IIW+RP+DCC − upper bound, by seed", of: ownAccuracy, from: upperBound, paper: 0.007)
    ])

  /// Name, the paper's number, training.
  static let methods: [(String, Double?, PlannedTraining)] = [
    ("independent", 0.106, PlannedTraining()),
    ("IIW", 0.251, PlannedTraining(.identicalInitialWeights)),
    ("RP", 0.501, PlannedTraining(.rotationPrediction)),
    ("DCC", 0.658, PlannedTraining(.commonClasses)),
    ("IIW+RP", nil, PlannedTraining(.identicalInitialWeights, .rotationPrediction)),
    ("IIW+DCC", nil, PlannedTraining(.identicalInitialWeights, .commonClasses)),
    ("RP+DCC", nil, PlannedTraining(.rotationPrediction, .commonClasses)),
    ("IIW+RP+DCC", 0.767, allThree),
  ]

  static let allThree = PlannedTraining(
    .identicalInitialWeights, .rotationPrediction, .commonClasses)

  private static let bars = methods.map { Row($0, paper: $1, [$2]) }

  private static let preTrained =
    [
      Row(
        "IIW, pre-trained", paper: 0.743, [fromPreTrained(.identicalInitialWeights)],
        note: "identical weights"),
      Row(
        "IIW+DCC, pre-trained", paper: 0.827,
        [fromPreTrained(.identicalInitialWeights, .commonClasses)], note: "identical weights"),
    ].map { $0.in("pre-trained initial weights") }
    + [
      Row("none, pre-trained", [fromDifferent()], note: "different weights"),
      Row(
        "RP, pre-trained", paper: 0.197, [fromDifferent(.rotationPrediction)],
        note: "different weights"),
      Row(
        "DCC, pre-trained", paper: 0.523, [fromDifferent(.commonClasses)],
        note: "different weights"),
    ].map { $0.in("pre-trained initial weights") }

  /// Rotation prediction on a large set; another number draws other weights.
  static func preTraining(_ number: UInt64 = 0, _ architecture: Architecture? = nil)
    -> PlannedTraining
  {
    PlannedTraining("pre-training \(number + 1)", roles: [.ilsvrc12]) { recipe, setting in
      recipe.objective = .selfSupervised
      recipe.methods = [.rotationPrediction]
      if let architecture { recipe.architecture = architecture }
      recipe.steps = setting.scale.preTrainingSteps
      recipe.evaluateEvery = setting.scale.preTrainingCurve
      recipe.seed += number * 10_000
    }
  }

  /// Both networks from one pre-training.
  static func fromPreTrained(_ methods: CompatibilityMethod...) -> PlannedTraining {
    let name = methods.map(\.short).joined(separator: "+")
    return PlannedTraining("\(name), pre-trained", needs: [preTraining()]) { recipe, setting in
      recipe.methods = methods
      recipe.initialWeights = setting.directory(preTraining()).path
    }
  }

  /// Each network from a pre-training of its own.
  private static func fromDifferent(_ methods: CompatibilityMethod...) -> PlannedTraining {
    let name = methods.isEmpty ? "none" : methods.map(\.short).joined(separator: "+")
    return PlannedTraining(
      "\(name), pre-trained apart", needs: [preTraining(), preTraining(1)]
    ) { recipe, setting in
      recipe.methods = methods
      recipe.tasks[0].initialWeights = setting.directory(preTraining()).path
      recipe.tasks[1].initialWeights = setting.directory(preTraining(1)).path
    }
  }

  private static let bounds = [
    upperBound,
    Row(
      "no rotation head", paper: 0.836, [PlannedTraining()], .ownTask, group: ownTask,
      note: "the paper's by subtraction", isDrawn: false),
    ownAccuracy,
  ]

  private static let upperBound = Row(
    "upper bound: own rotation heads", paper: 0.856,
    [PlannedTraining("own rotation heads") { $0.ownRotationHead = true }], .ownTask, group: ownTask,
    note: "no recombination", isDrawn: false)

  private static let ownAccuracy = Row(
    "IIW+RP+DCC", paper: 0.863, [allThree], .ownTask, group: ownTask, isDrawn: false)

  private static let ownTask = "own task, common classes"

  private static func incremental(_ roles: [DataRole]) -> PlannedTraining {
    PlannedTraining("IIW+RP+DCC incremental, \(roles[0].rawValue) first", roles: roles) {
      $0.methods = CompatibilityMethod.paper
      $0.scheme = .incremental
    }
  }
}
