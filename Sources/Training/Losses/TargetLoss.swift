public import Autograd
import Components
public import Networks

/// CE(h(f(x; Φt); Θt), y), the task's own loss (Eqs. 1 and 2), with label smoothing where wanted.
public struct TargetLoss: LossTerm {
  /// `target`, unless it is a second one.
  public let name: String
  /// 1 in the paper.
  public let weight: Double
  /// Which images the labels are of.
  public let view: any ImageView
  /// ε of `LossOps`.
  public let labelSmoothing: Double

  /// - Parameters:
  ///   - name: of the loss, in progress and metrics.
  ///   - weight: what the loss is multiplied by.
  ///   - view: upright images, or for example the copies that a self-supervised task makes (S4L,
  ///     Zhai et al. 2019, has the target loss on rotated images, too).
  ///   - labelSmoothing: ε, from 0 to below 1.
  public init(
    name: String = "target", weight: Double = 1, view: any ImageView = UprightView(),
    labelSmoothing: Double = 0
  ) {
    (self.name, self.weight, self.view) = (name, weight, view)
    self.labelSmoothing = labelSmoothing
  }

  public func parameters(of network: TaskNetwork) -> [Parameter] { network.head.layers.parameters }

  public func loss(_ input: LossInput) -> Variable {
    input.meanCrossEntropy(
      input.minibatch.network.head(input.features, input.context), input.targets, weight: weight,
      smoothing: labelSmoothing)
  }
}
