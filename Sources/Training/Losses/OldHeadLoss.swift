public import Autograd
import Components
public import Networks

/// Σ_{y known to it} CE(h(f(x; Φt); Θ_old), y) / B: the new features under a head that was trained
/// before, with another extractor, and does not change (backward-compatible training, Shen et al.
/// 2020). An image of a class that the old head does not know has no part in it, and counts in B.
public struct OldHeadLoss: LossTerm {
  /// As metrics call it.
  public var name: String { "old-head" }
  /// 1, as the target's loss.
  public var weight: Double { 1 }
  /// Frozen.
  let head: TaskHead
  /// Of each of the task's classes, the old head's output; −1 for one that it does not know.
  let outputs: [Int32]

  public func parameters(of network: TaskNetwork) -> [Parameter] { [] }

  public func loss(_ input: LossInput) -> Variable {
    input.meanCrossEntropy(
      head(input.features, input.context), input.targets.map { outputs[Int($0)] }, weight: weight)
  }
}
