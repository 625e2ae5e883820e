import Components
import Networks
import Recipes
import Runs
import Training

extension Experiment {
  /// Table 2: a source model adapted to unlabeled target images through its frozen rotation head.
  static let table2 = Experiment(
    name: "table2", title: "Unsupervised domain adaptation (Table 2)",
    summary: """
      Average class accuracy on the target's test images of the common classes: the source model as it \
      is, with the target batches' statistics, and with its extractor trained on unlabeled target \
      images through the frozen rotation head.
      """,
    deviations: [
      "The adaptation's learning rate is 0.001, constant (ours: the paper does not say; docs/results has others).",
      "Target labels are used for this table alone.",
    ],
    rows: directions.flatMap { direction in stages.indices.map { row($0, direction) } }
      + stages.indices.map(meanRow)
      + directions.map { direction in
        Row(
          "source model on its own test images", [source(direction.from)],
          .crossings([
            Crossing(
              extractor: source(direction.from), head: source(direction.from),
              role: direction.from, measure: .averageClassAccuracy,
              commonWith: direction.to)
          ]), group: direction.name, note: "the common classes; not in the paper")
      },
    differences: directions.flatMap { direction in differences { row($0, direction) } }
      + differences(meanRow))

  private static func row(_ stage: Int, _ direction: Direction) -> Row {
    let (name, papers, crossing) = stages[stage]
    return Row(
      name, paper: papers[direction.index], [crossing(direction).extractor],
      .crossings([crossing(direction)]), group: direction.name)
  }

  /// Of both directions.
  private static func meanRow(_ stage: Int) -> Row {
    let (name, papers, crossing) = stages[stage]
    return Row(
      name, paper: papers[2], directions.map { crossing($0).extractor },
      .crossings(directions.map(crossing)))
  }

  /// The last stage, the adaptation, minus each of the others.
  private static func differences(_ row: (Int) -> Row) -> [Difference] {
    let adapted = row(stages.count - 1)
    return stages.indices.dropLast().map(row).map { other in
      Difference(
        name: "adaptation − \(other.name), by seed", of: adapted, from: other,
        paper: adapted.paper.flatMap { adapted in other.paper.map { adapted - $0 } })
    }
  }

  private struct Direction: Sendable {
    let index: Int, from: DataRole, to: DataRole
    var name: String { "\(from.title) → \(to.title)" }
  }

  private static let directions = [
    Direction(index: 0, from: .cifar10, to: .stl10),
    Direction(index: 1, from: .stl10, to: .cifar10),
  ]

  /// Name, the paper's numbers by direction and their mean, what is measured.
  private static let stages: [(String, [Double], @Sendable (Direction) -> Crossing)] = [
    (
      "source model", [0.772, 0.529, 0.651],
      { target(source($0.from), source($0.from), $0, .running) }
    ),
    (
      "source model, batch statistics at test", [0.820, 0.713, 0.767],
      { target(source($0.from), source($0.from), $0, .batch) }
    ),
    (
      "adaptation through RP", [0.826, 0.731, 0.779],
      { target(adapted($0), source($0.from), $0, .batch) }
    ),
  ]

  private static func target(
    _ extractor: PlannedTraining, _ head: PlannedTraining, _ direction: Direction,
    _ policy: BatchNormPolicy
  ) -> Crossing {
    Crossing(
      extractor: extractor, head: head, role: direction.to, policy: policy,
      measure: .averageClassAccuracy, commonWith: direction.from)
  }

  private static let widePreTraining = PlannedTraining(
    "wide pre-training", roles: [.ilsvrc12]
  ) { recipe, setting in
    recipe.objective = .selfSupervised
    recipe.methods = [.rotationPrediction]
    recipe.train(setting.scale.wideResNet)
    recipe.steps = setting.scale.preTrainingSteps
    recipe.evaluateEvery = setting.scale.preTrainingCurve
  }

  private static func source(_ role: DataRole) -> PlannedTraining {
    PlannedTraining("source \(role.rawValue)", roles: [role], needs: [widePreTraining]) {
      recipe, setting in
      recipe.methods = [.rotationPrediction]
      recipe.train(setting.scale.wideResNet)
      recipe.initialWeights = setting.directory(widePreTraining).path
    }
  }

  private static func adapted(_ direction: Direction) -> PlannedTraining {
    let source = source(direction.from)
    return PlannedTraining(
      "\(direction.from.rawValue) adapted to \(direction.to.rawValue)", roles: [direction.to],
      needs: [source]
    ) { recipe, setting in
      recipe.adapt(
        setting.extractor(source), through: setting.rotationHead(source),
        of: setting.scale.wideResNet)
      recipe.steps = setting.scale.adaptationSteps
    }
  }
}
