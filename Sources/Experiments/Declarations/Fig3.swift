import Training

extension Experiment {
  /// Fig. 3: correlation of features, which compatibility does not follow.
  static let fig3 = Experiment(
    name: "fig3", title: "Correlation of the features (Fig. 3)",
    summary: """
      Pearson's correlation of each channel of the one extractor with the same channel of the other, \
      over all test images and positions; for independent networks after the permutation of channels \
      of the largest total (Hungarian algorithm).
      """,
    deviations: [
      "Linear CKA is not in the paper."
    ],
    rows: [
      Row(
        "independent, best permutation", paper: 0.34, [PlannedTraining()],
        .correlation(permuted: true),
        group: "mean correlation")
    ]
      + methods.dropFirst().map {
        Row(
          $0.0, paper: ["IIW+RP": 0.38, "DCC": 0.19][$0.0], [$0.2], .correlation(permuted: false),
          group: "mean correlation")
      } + [
        Row(
          "IIW, pre-trained", paper: 0.69, [fromPreTrained(.identicalInitialWeights)],
          .correlation(permuted: false), group: "mean correlation",
          note: "the paper has 0.69 to 0.76 for its pre-trained networks"),
        Row(
          "IIW+DCC, pre-trained", [fromPreTrained(.identicalInitialWeights, .commonClasses)],
          .correlation(permuted: false), group: "mean correlation"),
      ] + methods.map { Row($0.0, [$0.2], .linearCKA, group: "linear CKA") },
    drawsCorrelations: true, optionalRoles: [.ilsvrc12])
}
