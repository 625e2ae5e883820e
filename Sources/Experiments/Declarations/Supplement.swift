import Networks
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
      Training(), Training(.identicalInitialWeights, .rotationPrediction),
      Training(.identicalInitialWeights, .commonClasses), allThree,
    ].flatMap { training in
      var twice = training
      twice.roles = [.cifar10, .cifar10]
      return [
        Row(training.name, [twice]),
        Row(training.name, [twice], .ownTask, group: "own task"),
      ]
    },
    drawsCorrelations: false)

  static let splits = Experiment(
    name: "splits", title: "Where the network is cut",
    summary: "IIW+RP+DCC, cut after stage 1, 2 and 3.", deviations: [],
    rows: [1, 2, 3].flatMap { stage in
      // After stage 2 is where Fig. 2 has it.
      let training =
        stage == 2
        ? allThree
        : Training("IIW+RP+DCC, stage \(stage)") {
          $0.methods = CompatibilityMethod.paper
          $0.architecture.split = .stage(stage)
        }
      return [
        Row("after stage \(stage)", [training]),
        Row("after stage \(stage)", [training], .ownTask, group: "own task, common classes"),
      ]
    },
    drawsCorrelations: false)

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
          Training("DCC, \(count) classes") {
            $0.methods = [.commonClasses]
            $0.commonClassesUsed = count
          }
        ])
    } + [Row("all", [Training(.commonClasses)])],
    drawsCorrelations: false)

  static let selfSupervision = Experiment(
    name: "self-supervision", title: "Another self-supervised task",
    summary: """
      The shared head predicts the order of an image's tiles (jigsaw) in place of its rotation, under \
      the same protocol.
      """,
    deviations: ["The paper says that any such task will do, and shows rotation alone."],
    rows: [
      ("RP", Training(.rotationPrediction)), ("jigsaw", Training(.jigsaw)),
      ("IIW+RP", Training(.identicalInitialWeights, .rotationPrediction)),
      ("IIW+jigsaw", Training(.identicalInitialWeights, .jigsaw)),
    ].map { Row($0.0, [$0.1]) },
    drawsCorrelations: false)
}
