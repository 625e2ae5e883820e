import Dovetail

/// A training's progress in words, from all that there is to say to the least.
struct ProgressText {
  let steps: String
  var learningRate: String?
  let losses: [TaskLosses]
  var speed: [String] = []
  let time: String

  /// - Parameters:
  ///   - rate: images a second.
  ///   - waiting: share of the time that was waited for images; nil where none are waited for.
  ///   - time: what is left, or what it took.
  init(_ progress: TrainingProgress, rate: Double, waiting: Double?, verbose: Bool, time: String) {
    steps = "\(progress.step)/\(progress.steps) steps"
    if verbose { learningRate = "learning rate \(progress.learningRate)" }
    losses = progress.losses
    speed = ["\(Int(rate)) images/s"]
    if let waiting { speed.append("\(Format.percent(waiting)) waiting for images") }
    self.time = time
  }

  var full: String { join([steps, learningRate, lossText(withShared: true)] + speed + [time]) }

  /// What does not fit goes: the losses of shared heads first, all losses, the speed.
  var shorter: [String] {
    [
      full, join([steps, learningRate, lossText(withShared: false)] + speed + [time]),
      join([steps, lossText(withShared: false), time]), join([steps] + speed + [time]),
      join([steps, time]), steps,
    ]
  }

  private func join(_ parts: [String?]) -> String {
    parts.compactMap(\.self).joined(separator: ", ")
  }

  func lossText(withShared: Bool) -> String {
    let texts = losses.map { losses in
      let target = losses.target.map { [Format.fixed(Double($0), 2)] } ?? []
      let shared = losses.auxiliary.sorted { $0.key < $1.key }.map {
        "\($0.key) " + Format.fixed(Double($0.value), 2)
      }
      let all = target + (withShared || target.isEmpty ? shared : [])
      return "\(losses.task) " + all.joined(separator: " + ")
    }
    return "loss " + texts.joined(separator: ", ")
  }

  /// `[####------]`.
  static func bar(_ share: Double, cells: Int) -> String {
    let filled = Int(min(max(share, 0), 1) * Double(cells))
    return "[" + String(repeating: "#", count: filled)
      + String(repeating: "-", count: cells - filled) + "]"
  }
}
