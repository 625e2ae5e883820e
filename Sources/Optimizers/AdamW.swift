import Foundation
public import Tensors

/// Adam with decoupled weight decay (Loshchilov and Hutter 2019, Algorithm 2, as PyTorch's), in a
/// parameter's step t, counted from 1:
///
///     w := w − learningRate·weightDecay·w
///     m := β₁·m + (1 − β₁)·g
///     v := β₂·v + (1 − β₂)·g²
///     w := w − learningRate · (m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε)
///
/// t counts a parameter's own updates: a head that several tasks share has made more of them than
/// their extractors.
public final class AdamW: Optimizer {
  public static let name = "adamw"

  /// β₁, how much of the first moment stays in a step; from 0 to below 1.
  public let beta1: Double
  /// β₂, how much of the second moment stays; from 0 to below 1.
  public let beta2: Double
  /// ε, which is added to the root of the second moment; above 0.
  public let epsilon: Double
  public let weightDecay: Float
  public let decaysNormsAndBiases: Bool
  public let states = OptimizerStates()

  /// - Parameters:
  ///   - beta1: how much the mean of gradients keeps from step to step.
  ///   - beta2: how much the mean of their squares keeps.
  ///   - epsilon: what is added to the root of the latter.
  ///   - weightDecay: λ; a step takes the fraction learningRate·λ of a weight away.
  ///   - decaysNormsAndBiases: whether batch norm's scales and shifts, and biases, decay too.
  public init(
    beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Float = 1e-2,
    decaysNormsAndBiases: Bool = true
  ) {
    (self.beta1, self.beta2, self.epsilon) = (beta1, beta2, epsilon)
    (self.weightDecay, self.decaysNormsAndBiases) = (weightDecay, decaysNormsAndBiases)
  }

  /// `rate` and `root` hold the corrections of the two moments' bias.
  public func scalars(learningRate: Float, weightDecay: Float, step: Int) -> [Float] {
    let rate = Double(learningRate)
    return [
      Float(1 - rate * Double(weightDecay)), Float(beta1), Float(1 - beta1), Float(beta2),
      Float(1 - beta2), Float(rate / (1 - pow(beta1, Double(step)))),
      Float(1 / (1 - pow(beta2, Double(step))).squareRoot()), Float(epsilon),
    ]
  }

  public var rule: UpdateRule { Self.rule }

  /// The four lines above, of an element.
  public static let rule = UpdateRule(
    state: ["m", "v"],
    scalars: ["keep", "beta1", "take1", "beta2", "take2", "rate", "root", "epsilon"],
    openCL: """
      m = fma(beta1, m, take1 * g);
      v = fma(beta2, v, take2 * g * g);
      w = fma(-rate, m / fma(sqrt(v), root, epsilon), keep * w);
      """
  ) { range, w, g, state, s in
    let (m, v) = (state[0], state[1])
    for i in range {
      m[i] = s[1] * m[i] + s[2] * g[i]
      v[i] = s[3] * v[i] + s[4] * g[i] * g[i]
      w[i] = s[0] * w[i] - s[5] * (m[i] / (v[i].squareRoot() * s[6] + s[7]))
    }
  }
}

extension AdamW {
  static let kind = Optimizers.Kind(
    name: name,
    options: [
      .init("beta1", 0.9, in: 0...0.999_999), .init("beta2", 0.999, in: 0...0.999_999),
      .init("epsilon", 1e-8, in: 1e-30...1),
    ],
    learningRate: 1e-3, weightDecay: 1e-2
  ) { options, decay in
    AdamW(
      beta1: options["beta1"]!, beta2: options["beta2"]!, epsilon: options["epsilon"]!,
      weightDecay: Float(decay.weightDecay), decaysNormsAndBiases: decay.includesNormsAndBiases)
  }
}
