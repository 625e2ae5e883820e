public import Autograd
public import Components

/// Σ_{y ∈ C} CE(h(f(x; Φt); Θc), y) / B (Eq. 2): the classes that the tasks have in common under one
/// head. An image of another class has no part in it, and counts in B.
public struct CommonClassesLoss: LossTerm {
  /// h(·; Θc), over the classes that tasks have in common, or that a given head knows.
  public let head: AuxiliaryHead
  /// Of each task, the head's output for each of its own; −1 for a class that the head does not know.
  let outputs: [[Int32]]

  public var name: String { head.kind.rawValue }
  public var weight: Double { 1 }
  public var sharedHead: AuxiliaryHead? { head }

  public func loss(_ input: LossInput) -> Variable {
    let outputs = outputs[input.minibatch.network.index]
    return input.meanCrossEntropy(
      head.head(input.features, input.context), input.targets.map { outputs[Int($0)] },
      weight: weight)
  }
}
