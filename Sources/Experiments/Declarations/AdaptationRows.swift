import Components
import Datasets
import Networks
import Recipes
import Runs
import Training

/// What a source model is adapted to: a role's images, seen through a corruption or as they are.
struct Shift: Sendable {
  let from: DataRole, to: DataRole
  var corruption: Corruption?

  /// For names of trainings.
  fileprivate var target: String { corruption.map(\.description) ?? to.rawValue }
}

/// Ways to adapt a source model without its images and without labels, as rows of Table 2 and of
/// the corrupted targets.
enum AdaptationRows {
  /// One of them: what a row measures.
  struct Stage: Sendable {
    let name: String
    var note: String?
    let crossing: @Sendable (Shift) -> Experiment.Crossing
  }

  static let sourceModel = Stage(name: "source model") {
    measured(source($0.from), $0, policy: .running)
  }
  static let batchStatistics = Stage(name: "source model, batch statistics at test") {
    measured(source($0.from), $0)
  }
  static let rotation = Stage(name: "adaptation through RP") { measured(adapted($0), $0) }

  /// Those that are not in the paper.
  static let others = [
    Stage(name: "AdaBN", note: "statistics taken again on the target's training images") {
      measured(source($0.from), $0, policy: .recalibrated, by: .adabn)
    },
    Stage(name: "blended statistics", note: "N = 16 of the source, n the test batch") {
      measured(source($0.from), $0, by: .blended)
    },
    Stage(name: "TENT", note: "online, on the test images") {
      measured(source($0.from), $0, by: .tent)
    },
    Stage(
      name: "SHOT-IM", note: "the extractor, on the target's training images"
    ) { measured(adapted($0, by: .shot), $0) },
  ]

  private static func measured(
    _ extractor: PlannedTraining, _ shift: Shift, policy: BatchNormPolicy = .batch,
    by adaptation: AdaptationMethod? = nil
  ) -> Experiment.Crossing {
    Experiment.Crossing(
      extractor: extractor, head: source(shift.from), role: shift.to, policy: policy,
      measure: .averageClassAccuracy, commonWith: shift.from, corruption: shift.corruption,
      adaptation: adaptation)
  }

  // MARK: Trainings

  private static let widePreTraining = PlannedTraining(
    "wide pre-training", roles: [.ilsvrc12]
  ) { recipe, setting in
    recipe.objective = .selfSupervised
    recipe.methods = [.rotationPrediction]
    recipe.train(setting.scale.wideResNet)
    recipe.steps = setting.scale.preTrainingSteps
    recipe.evaluateEvery = setting.scale.preTrainingCurve
  }

  static func source(_ role: DataRole) -> PlannedTraining {
    PlannedTraining("source \(role.rawValue)", roles: [role], needs: [widePreTraining]) {
      recipe, setting in
      recipe.methods = [.rotationPrediction]
      recipe.train(setting.scale.wideResNet)
      recipe.initialWeights = setting.directory(widePreTraining).path
    }
  }

  /// Through the source's frozen rotation head.
  private static func adapted(_ shift: Shift) -> PlannedTraining {
    let source = source(shift.from)
    return PlannedTraining(
      "\(shift.from.rawValue) adapted to \(shift.target)", roles: [shift.to], needs: [source]
    ) { recipe, setting in
      recipe.adapt(
        setting.extractor(source), through: setting.rotationHead(source),
        of: setting.scale.wideResNet)
      recipe.steps = setting.scale.adaptationSteps
      recipe.tasks[0].corruption = shift.corruption
      // The paper's target keeps what it had before there were corrupted ones.
      guard shift.corruption != nil else { return }
      recipe.take(setting.scale.adaptation(by: .rotation))
    }
  }

  /// By its own predictions.
  private static func adapted(_ shift: Shift, by method: AdaptationMethod) -> PlannedTraining {
    let source = source(shift.from)
    return PlannedTraining(
      "\(shift.from.rawValue) adapted to \(shift.target) by \(method.rawValue)",
      roles: [shift.to], needs: [source]
    ) { recipe, setting in
      let architecture = setting.scale.wideResNet
      recipe.adapt(
        (setting.extractor(source), architecture), under: (setting.head(source), architecture),
        by: method.objective!)
      recipe.tasks[0].corruption = shift.corruption
      recipe.take(setting.scale.adaptation(by: method))
    }
  }
}

extension Recipe {
  fileprivate mutating func take(_ choice: (learningRate: Double, steps: Int)) {
    (settings.learningRate, settings.steps) = choice
  }
}
