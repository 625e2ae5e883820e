import Components
import Networks
import Recipes
import Training

/// What the paper announces for its supplement, without numbers that could be had.
extension Experiment {
  static let sameTask = Experiment(
    name: "same-task", title: "The same task twice (Sec. 4.2)",
    summary: """
      CIFAR-10 for both tasks. In the paper IIW+RP, IIW+DCC and IIW+RP+DCC reach the upper bound.
      """,
    deviations: [],
    rows: [
      PlannedTraining(), PlannedTraining(.identicalInitialWeights, .rotationPrediction),
      PlannedTraining(.identicalInitialWeights, .commonClasses), allThree,
    ].flatMap { training in
      var twice = training
      twice.roles = [.cifar10, .cifar10]
      return [
        Row(training.name, [twice]),
        Row(training.name, [twice], .ownTask, group: "own task", isDrawn: false),
      ]
    })

  static let splits = Experiment(
    name: "splits", title: "Where the network is cut",
    summary: "IIW+RP+DCC, cut after stage 1, 2 and 3.", deviations: [],
    rows: [1, 2, 3].flatMap { stage in
      // After stage 2 is where Fig. 2 has it.
      let training =
        stage == 2
        ? allThree
        : PlannedTraining("IIW+RP+DCC, stage \(stage)") {
          $0.methods = CompatibilityMethod.paper
          $0.architecture.split = .stage(stage)
        }
      return [
        Row("after stage \(stage)", [training]),
        Row(
          "after stage \(stage)", [training], .ownTask, group: "own task, common classes",
          isDrawn: false),
      ]
    })

  static let commonClasses = Experiment(
    name: "common-classes", title: "How many common classes the shared head sees",
    summary: """
      DCC with a shared head that discriminates some of the common classes, drawn from the seed; \
      recombination is measured on all of them.
      """,
    deviations: [],
    rows: [2, 4, 6].map { count in
      Row(
        "\(count)",
        [
          PlannedTraining("DCC, \(count) classes") {
            $0.methods = [.commonClasses]
            $0.commonClassesUsed = count
          }
        ])
    } + [Row("all", [PlannedTraining(.commonClasses)])])

  static let selfSupervision = Experiment(
    name: "self-supervision", title: "Another self-supervised task",
    summary: """
      The shared head predicts the order of an image's tiles (jigsaw) in place of its rotation, under \
      the same protocol.
      """,
    deviations: ["The paper says that any such task will do, and shows rotation alone."],
    rows: [
      ("RP", PlannedTraining(.rotationPrediction)), ("jigsaw", PlannedTraining(.jigsaw)),
      ("IIW+RP", PlannedTraining(.identicalInitialWeights, .rotationPrediction)),
      ("IIW+jigsaw", PlannedTraining(.identicalInitialWeights, .jigsaw)),
    ].map { Row($0.0, [$0.1]) })

  static let batchNorm = Experiment(
    name: "batch-norm", title: "Batch norm at test",
    summary: """
      Recombination of IIW+RP+DCC networks with the statistics of the test batch, of several sizes, \
      with the running ones of each part's own training, and with statistics taken again on the test \
      images.
      """,
    deviations: [],
    rows: [8, 16, 32, 64, 128, 256].map { (batchSize: Int) -> Row in
      Row("batch statistics, batches of \(batchSize)", [allThree], underPolicy(.batch, batchSize))
    } + [
      Row("running statistics", [allThree], underPolicy(.running, nil)),
      Row("recalibrated", [allThree], underPolicy(.recalibrated, nil)),
    ])

  /// Both directions of IIW+RP+DCC.
  private static func underPolicy(_ policy: BatchNormPolicy, _ batchSize: Int?) -> Metric {
    .crossings(
      [(0, 1, DataRole.cifar10, DataRole.stl10), (1, 0, .stl10, .cifar10)].map {
        Crossing(
          extractor: allThree, extractorTask: $0.0, head: allThree, headTask: $0.1, role: $0.2,
          policy: policy, batchSize: batchSize, commonWith: $0.3)
      })
  }
}
