import Datasets
import Training

extension Experiment {
  /// Table 2 with a target whose shift is known and large.
  static let corruptions = Experiment(
    name: "corruptions", title: "Adaptation to corrupted images",
    summary: """
      Table 2 with \(DataRole.cifar10.title) as the source and, as targets, the same images seen \
      through Gaussian noise, blur, low contrast, large pixels and JPEG (after Hendrycks and Dietterich \
      2019): average class accuracy on the corrupted test images, mean over the corruptions.
      """,
    deviations: [
      "None of these rows is in the paper.",
      """
      The corruptions are made by code of ours with the parameters of CIFAR-10-C; values are rounded, \
      not cut off.
      """,
      adaptationChoice,
    ],
    rows: corruptionRows(strengths: Array(Corruption.strengths)),
    rowsAtScale: { corruptionRows(strengths: $0 == .short ? Array(Corruption.strengths) : [5]) })

  private static let corruptionStages =
    [AdaptationRows.sourceModel, AdaptationRows.batchStatistics, AdaptationRows.rotation]
    + AdaptationRows.others

  /// The mean over all, then by kind, then by strength where there are several; and the source on
  /// images as they are.
  private static func corruptionRows(strengths: [Int]) -> [Row] {
    func measured(_ kinds: [Corruption.Kind], _ strengths: [Int], group: String?) -> [Row] {
      corruptionStages.map { stage in
        let crossings = kinds.flatMap { kind in
          strengths.map { strength in
            stage.crossing(
              Shift(
                from: .cifar10, to: .cifar10, corruption: Corruption(kind, strength: strength)))
          }
        }
        return Row(
          stage.name, crossings.map(\.extractor), .crossings(crossings), group: group,
          note: stage.note, isDrawn: group == nil)
      }
    }
    let all = Corruption.Kind.allCases
    let shown = strengths.count > 1 ? "mean of strengths 1 to 5" : "strength \(strengths[0])"
    let source = AdaptationRows.source(.cifar10)
    return measured(all, strengths, group: nil)
      + [
        Row(
          "source model on images as they are", [source],
          .crossings([
            Crossing(
              extractor: source, head: source, role: .cifar10, measure: .averageClassAccuracy)
          ]), isDrawn: false)
      ] + all.flatMap { measured([$0], strengths, group: "\($0.rawValue), \(shown)") }
      + (strengths.count > 1
        ? strengths.flatMap { measured(all, [$0], group: "strength \($0), mean of all five") } : [])
  }
}
