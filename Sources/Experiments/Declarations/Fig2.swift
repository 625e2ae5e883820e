import Training

extension Experiment {
  /// Fig. 2: how compatible each method makes two networks.
  static let fig2 = Experiment(
    name: "fig2", title: "Recombination accuracy of every method (Fig. 2)",
    summary: """
      Two networks, each trained for its own data set, and each one's extractor under the other's \
      head, on the test images of the common classes.
      """,
    deviations: [
      "The half with pre-trained weights (74.3, 82.7, 19.7 and 52.3 % in the paper) is not run."
    ],
    rows: bars + bounds + [
      Row(
        "IIW+RP+DCC, incremental", paper: 0.727,
        [incremental([.cifar10, .stl10]), incremental([.stl10, .cifar10])],
        group: "incremental", note: "mean of both orders")
    ]
      + DataRole.allCases.flatMap { role in
        methods.map { name, _, training in
          Row(
            name, [training], .recombinationOn(role), group: "on the images given for \(role.title)"
          )
        }
      },
    drawsCorrelations: false)

  /// Name, the paper's number, training.
  static let methods: [(String, Double?, Training)] = [
    ("independent", 0.106, Training()),
    ("IIW", 0.251, Training(.identicalInitialWeights)),
    ("RP", 0.501, Training(.rotationPrediction)),
    ("DCC", 0.658, Training(.commonClasses)),
    ("IIW+RP", nil, Training(.identicalInitialWeights, .rotationPrediction)),
    ("IIW+DCC", nil, Training(.identicalInitialWeights, .commonClasses)),
    ("RP+DCC", nil, Training(.rotationPrediction, .commonClasses)),
    ("IIW+RP+DCC", 0.767, allThree),
  ]

  static let allThree = Training(
    .identicalInitialWeights, .rotationPrediction, .commonClasses)

  private static let bars = methods.map { Row($0, paper: $1, [$2]) }

  private static let bounds = [
    Row(
      "upper bound: own rotation heads", paper: 0.856,
      [Training("own rotation heads") { $0.ownRotationHead = true }], .ownTask,
      group: "own task, common classes", note: "no recombination"),
    Row(
      "no rotation head", paper: 0.836, [Training()], .ownTask, group: "own task, common classes",
      note: "the paper's by subtraction"),
    Row(
      "IIW+RP+DCC", paper: 0.863, [allThree], .ownTask, group: "own task, common classes"),
  ]

  private static func incremental(_ roles: [DataRole]) -> Training {
    Training("IIW+RP+DCC incremental, \(roles[0].rawValue) first", roles: roles) {
      $0.methods = CompatibilityMethod.paper
      $0.scheme = .incremental
    }
  }
}
