public import Autograd
import Components
public import Networks

/// Σ_n H(softmax(h(f(x_n; Φt); Θt))) / N: how unsure the network is of the images, whose labels are
/// not looked at (TENT, Wang et al. 2021, who train batch norm's scales and shifts alone by it).
public struct EntropyLoss: LossTerm {
  /// As metrics call it.
  public var name: String { "entropy" }
  /// 1 where it stands alone.
  public let weight: Double

  /// - Parameter weight: what the loss is multiplied by.
  public init(weight: Double = 1) { self.weight = weight }

  public func parameters(of network: TaskNetwork) -> [Parameter] { network.head.layers.parameters }

  public func loss(_ input: LossInput) -> Variable {
    input.context.tape.predictionEntropy(
      input.minibatch.network.head(input.features, input.context), diversity: 0,
      weight: Float(weight))
  }
}
