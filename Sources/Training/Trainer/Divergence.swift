public import Files
import Optimizers

/// A loss, a gradient or a weight that is no finite number.
public struct DivergenceError: AdvisedError, Sendable {
  /// “the loss of task a is not finite”.
  let what: String
  /// Which of the task's minibatches, counted from 0.
  public let step: Int
  /// Whether it names the op that did it.
  let isTraced: Bool
  /// The last checkpoint that was finite, where there is one.
  public var checkpoint: String?

  init(what: String, step: Int, isTraced: Bool = false) {
    (self.what, self.step, self.isTraced) = (what, step, isTraced)
  }

  public var description: String {
    "\(what) at step \(step); "
      + (checkpoint.map { "the last good checkpoint is \($0); " } ?? "")
      + advice!.description
  }

  public var advice: ErrorAdvice? {
    checkpoint != nil && !isTraced ? .lowerRateOrTrace : .lowerRate
  }
}

extension Trainer {
  /// - Throws: `DivergenceError` where an update so far was not finite.
  func requireFinite() throws {
    guard let (step, names) = try watch.firstNotFinite() else { return }
    // Of each extractor and head the layer that gradients reach first.
    var nearest: [(part: Substring, name: String)] = []
    for name in names {
      let part = name.prefix { $0 != "/" }
      if nearest.last?.part == part { nearest.removeLast() }
      nearest.append((part, name))
    }
    throw DivergenceError(
      what: "the gradients of \(names.count) parameters are not finite (nearest to the losses: "
        + nearest.prefix(4).map(\.name).joined(separator: ", ")
        + (nearest.count > 4 ? ", …)" : ")"),
      step: step)
  }
}

extension ErrorAdvice {
  public static let lowerRate: ErrorAdvice = "lower learning-rate or lengthen warmup"
  /// With a checkpoint to go on from.
  public static let lowerRateOrTrace: ErrorAdvice =
    "lower learning-rate or lengthen warmup, or go on from it and look at every op"
}
