/// How a network is made to suit images without labels, without the images that it was trained on.
public enum AdaptationMethod: String, Codable, Sendable, CaseIterable {
  /// The extractor learns the images' rotation through its frozen rotation head (Gygli et al.
  /// Sec. 5.1).
  case rotation
  /// Batch norm's statistics are taken again, on the images (Li et al. 2018).
  case adabn
  /// Batch norm's statistics are those of the source, worth `sourceImages` images, and of a few
  /// images together (Schneider et al. 2020).
  case blended
  /// Batch norm's scales and shifts minimize the entropy of the predictions (Wang et al. 2021).
  case tent
  /// The extractor maximizes information under its frozen head: sure of each image, and of as many
  /// images of each class (Liang et al. 2020, without pseudo-labels).
  case shot

  /// N of Schneider et al. 2020: images that the source's statistics are worth.
  public static let sourceImages = 16

  /// What a training by it minimizes; nil where nothing is trained.
  public var objective: Objective? {
    switch self {
    case .rotation: .selfSupervised
    case .tent: .entropy
    case .shot: .informationMaximization
    case .adabn, .blended: nil
    }
  }

  /// That of an objective which follows the network's own predictions.
  init?(_ objective: Objective) {
    guard objective.followsPredictions,
      let method = Self.allCases.first(where: { $0.objective == objective })
    else { return nil }
    self = method
  }
}
