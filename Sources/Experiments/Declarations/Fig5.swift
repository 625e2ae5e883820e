import Components
import Networks
import Recipes
import Training

extension Experiment {
  /// Fig. 5: a source's extractor under a target's head, directly and along fine-tuning.
  static let fig5 = Experiment(
    name: "fig5", title: "Faster transfer (Fig. 5)",
    summary: """
      The extractor of a network trained on \(DataRole.ilsvrc12.title) (or its stand-in) under the \
      head of one trained on the target set: average class accuracy directly, and while the whole \
      network is fine-tuned. Both were trained against one frozen rotation head, which was trained on \
      \(DataRole.cifar100.title).
      """,
    deviations: [
      "Fine-tuning has the loss of the target classes alone, at a constant learning rate of 0.01 (ours).",
      "The paper prints 40.0 to 66.4 % for all its targets directly after recombination.",
    ],
    rows: CurvePlace.all.flatMap { place, when in
      targets.flatMap { target in
        variants.map { variant in
          Row(
            variant.name, [tuned(variant, target)], .curve(place),
            group: "\(target.title), \(when)")
        }
      }
    }
      + targets.map { target in
        Row(
          "its own extractor", [Experiment.target(variants[0], target)], .ownTaskOnAllClasses,
          group: "\(target.title), the target network itself")
      },
    curves: targets.map { target in
      CurveFigure(
        title: "Fine-tuning on \(target.title)",
        series: variants.map { ($0.name, tuned($0, target)) })
    })

  private static let targets: [DataRole] = [.cifar10, .stl10, .cifar100]

  /// How source and target come to fit, or do not.
  private struct Variant: Sendable {
    let name: String
    /// Against the frozen head of another set; else with one of its own.
    var sharesHead = false
    var identicalWeights = false
    /// The target's head is not used.
    var freshHead = false
  }

  private static let variants = [
    Variant(name: "RP", sharesHead: true),
    Variant(name: "RP+IIW", sharesHead: true, identicalWeights: true),
    Variant(name: "independent parts"),
    Variant(name: "re-initialized head", freshHead: true),
  ]

  private static let rotationHead = PlannedTraining("rotation head", roles: [.cifar100]) {
    $0.methods = [.rotationPrediction]
  }

  /// A network of its own, with rotation prediction as the variant has it.
  private static func network(
    _ what: String, _ variant: Variant, _ role: DataRole, seedOffset: UInt64
  ) -> PlannedTraining {
    let name = "\(what) \(role.rawValue)"
    guard variant.sharesHead else {
      return PlannedTraining("\(name), own rotation head", roles: [role]) {
        $0.ownRotationHead = true
        $0.seed += seedOffset
      }
    }
    return PlannedTraining(
      "\(name), \(variant.name)", roles: [role], needs: [rotationHead]
    ) { recipe, setting in
      recipe.methods = [.rotationPrediction]
      recipe.auxiliaryHeads = [setting.rotationHead(rotationHead)]
      recipe.frozen = [.auxiliaryHeads]
      // Identical initial weights are those of one seed.
      if variant.identicalWeights {
        recipe.methods.append(.identicalInitialWeights)
      } else {
        recipe.seed += seedOffset
      }
    }
  }

  private static func source(_ variant: Variant) -> PlannedTraining {
    network("source", variant, .ilsvrc12, seedOffset: 1000)
  }

  private static func target(_ variant: Variant, _ role: DataRole) -> PlannedTraining {
    network("target", variant, role, seedOffset: 2000)
  }

  private static func tuned(_ variant: Variant, _ role: DataRole) -> PlannedTraining {
    let source = source(variant)
    let target = target(variant, role)
    return PlannedTraining(
      "\(role.rawValue) by \(variant.name)", roles: [role], needs: [source, target]
    ) { recipe, setting in
      recipe.transfer(
        setting.extractor(source), under: variant.freshHead ? nil : setting.head(target),
        of: recipe.architecture)
      let epoch = (setting.images(role) + recipe.batchSize - 1) / recipe.batchSize
      recipe.steps = setting.scale.fineTuningSteps(epoch: epoch)
      recipe.evaluateAt = Recipe.logarithmicSteps(to: recipe.steps, with: [epoch])
    }
  }
}

extension Experiment.CurvePlace {
  fileprivate static var all: [(Self, String)] {
    [(.start, "directly"), (.firstEpoch, "after 1 epoch"), (.end, "at the end")]
  }
}
