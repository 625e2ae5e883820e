public import Autograd
import Components
public import Networks

/// The mean entropy of the predictions less the entropy of their mean: each image is to be one
/// class, and all images together all classes alike. Labels are not looked at (SHOT's information
/// maximization, Liang et al. 2020, without its pseudo-labels; they train the extractor by it and
/// leave the head as it is).
public struct InformationMaximizationLoss: LossTerm {
  /// As metrics call it.
  public var name: String { "information-maximization" }
  /// 1 where it stands alone.
  public let weight: Double

  /// - Parameter weight: what the loss is multiplied by.
  public init(weight: Double = 1) { self.weight = weight }

  public func parameters(of network: TaskNetwork) -> [Parameter] { network.head.layers.parameters }

  public func loss(_ input: LossInput) -> Variable {
    input.context.tape.predictionEntropy(
      input.minibatch.network.head(input.features, input.context), diversity: 1,
      weight: Float(weight))
  }
}
