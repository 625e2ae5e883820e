import Analysis
import Recipes
import Training

/// Rows that the paper does not have: what can be had after training, or without a shared head that
/// learns.
extension Experiment {
  static let alignment = Experiment(
    name: "alignment", title: "Alignment after training",
    summary: """
      Two trained networks and a map between their features: none; the permutation of channels of \
      largest total correlation, the same with each channel's mean and deviation set to its \
      partner's, an orthogonal map, least squares (in closed form, from training images without \
      their labels); and an affine map that is trained with labels between the frozen halves \
      (stitching), which bounds what such a map can do and is no measure of compatibility. And both \
      networks made one by the mean of their weights, with identical initial weights as they are, of \
      independent ones after the channels of all layers were brought in the order in which the weights \
      are most alike (Ainsworth et al. 2023), statistics taken again.
      """,
    deviations: ["None of these rows is in the paper."],
    rows: [
      ("independent", PlannedTraining()), ("IIW", PlannedTraining(.identicalInitialWeights)),
      ("RP", PlannedTraining(.rotationPrediction)), ("DCC", PlannedTraining(.commonClasses)),
      ("IIW+RP+DCC", allThree),
    ].flatMap { name, training -> [Row] in
      let aligned = AlignmentMethod.allCases.map {
        Row($0.rawValue, [training], .mapped(.aligned($0)), group: name)
      }
      let stitched = [0, 10, 100, 1000].map {
        Row(
          "stitch, \($0) steps", [training], .mapped(.stitched($0)), group: name,
          note: $0 == 0 ? "the identity" : "with labels", isDrawn: false)
      }
      let averaged = [false, true].filter { _ in ["independent", "IIW"].contains(name) }.map {
        Row(
          $0 ? "average of the weights, after permuting" : "average of the weights", [training],
          .mapped(.averaged(permuted: $0)), group: name, note: "one network for both tasks",
          isDrawn: false)
      }
      return [Row("no map", [training], group: name)] + aligned + stitched + averaged
        + [Row("own heads", [training], .ownTask, group: name, isDrawn: false)]
    })

  static let fixedHeads = Experiment(
    name: "fixed-heads", title: "Shared heads that do not learn",
    summary: """
      The heads that tasks share as the seed draws them, never updated, so that trainings agree on \
      the seed alone; for DCC also a last layer that is a regular simplex and stays so. And \
      backward-compatible training (Shen et al. 2020): the second network is trained with its own head \
      and, on images of common classes, under the first's frozen target head.
      """,
    deviations: ["In the paper the shared heads learn."],
    rows: [
      ("RP", [CompatibilityMethod.rotationPrediction]), ("DCC", [.commonClasses]),
      ("RP+DCC", [.rotationPrediction, .commonClasses]),
      ("IIW+RP+DCC", CompatibilityMethod.paper),
    ].flatMap { name, methods -> [Row] in
      SharedHeads.allCases.filter { $0 != .fixedSimplex || methods.contains(.commonClasses) }
        .flatMap { heads -> [Row] in
          // The trained ones are Fig. 2's.
          let training =
            heads == .trained
            ? Self.methods.first { $0.0 == name }!.2
            : PlannedTraining("\(name), heads \(heads.rawValue)") {
              $0.methods = methods
              $0.sharedHeads = heads
            }
          return [
            Row("\(name), \(heads.rawValue)", [training]),
            Row(
              "\(name), \(heads.rawValue)", [training], .ownTask, group: "own task, common classes",
              isDrawn: false),
          ]
        }
    } + backwardCompatible)

  /// In both orders: the new extractor under the old head, and under its own.
  private static let backwardCompatible: [Row] = {
    let orders: [(old: DataRole, new: DataRole)] = [(.cifar10, .stl10), (.stl10, .cifar10)]
    let crossings = orders.map { order -> (under: Crossing, own: Crossing) in
      let old = PlannedTraining("\(order.old.rawValue) alone", roles: [order.old]) {
        $0.seed += 3000
      }
      let new = PlannedTraining(
        "\(order.new.rawValue), compatible with \(order.old.rawValue)", roles: [order.new],
        needs: [old]
      ) { recipe, setting in
        // Another seed: the networks are not to start alike.
        recipe.seed += 4000
        recipe.tasks[0].oldHead = setting.head(old)
      }
      return (
        Crossing(extractor: new, head: old, role: order.new),
        Crossing(extractor: new, head: new, role: order.new, commonWith: order.old)
      )
    }
    let note = "one direction of each order, mean of both"
    return [
      Row(
        "backward-compatible training", crossings.map(\.under.extractor),
        .crossings(crossings.map(\.under)), note: note),
      Row(
        "backward-compatible training", crossings.map(\.own.extractor),
        .crossings(crossings.map(\.own)), group: "own task, common classes", isDrawn: false),
    ]
  }()
}
