public import Tensors

/// Stochastic gradient descent with momentum and weight decay, as PyTorch's without dampening:
///
///     v := momentum·v + (g + weightDecay·w)
///     w := w − learningRate·v                              or, after Nesterov,
///     w := w − learningRate·((g + weightDecay·w) + momentum·v)
///
/// All parameters decay alike unless said otherwise, batch norm's included (ours: the paper does not
/// say). Nesterov's form is that of Sutskever et al. 2013.
public final class SGD: Optimizer {
  public static let name = "sgd"

  /// How much of v stays in a step; 0: plain gradient descent.
  public let momentum: Float
  public let weightDecay: Float
  /// Whether the weight follows Nesterov's form.
  public let nesterov: Bool
  public let decaysNormsAndBiases: Bool
  public let states = OptimizerStates()
  public let dependsOnSteps = false

  /// - Parameters:
  ///   - momentum: how much of the last update is kept.
  ///   - weightDecay: what of the weight is added to its gradient.
  ///   - nesterov: whether the gradient is looked at ahead, along the momentum.
  ///   - decaysNormsAndBiases: whether batch norm's scales and shifts, and biases, decay too.
  public init(
    momentum: Float = 0.9, weightDecay: Float = 1e-4, nesterov: Bool = false,
    decaysNormsAndBiases: Bool = true
  ) {
    (self.momentum, self.weightDecay) = (momentum, weightDecay)
    (self.nesterov, self.decaysNormsAndBiases) = (nesterov, decaysNormsAndBiases)
  }

  public var rule: UpdateRule { nesterov ? Self.nesterovRule : Self.plainRule }

  public func scalars(learningRate: Float, weightDecay: Float, step: Int) -> [Float] {
    [learningRate, momentum, weightDecay]
  }

  // A finite v is one of a finite gradient, weight and v before.
  /// The first form, of an element.
  public static let plainRule = UpdateRule(
    state: ["momentum"], scalars: ["rate", "mu", "decay"], probe: .state(0),
    openCL: """
      momentum = fma(mu, momentum, fma(decay, w, g));
      w = fma(-rate, momentum, w);
      """
  ) { range, w, g, state, scalars in
    let (v, rate, mu, decay) = (state[0], scalars[0], scalars[1], scalars[2])
    for i in range {
      let next = mu * v[i] + (g[i] + decay * w[i])
      v[i] = next
      w[i] -= rate * next
    }
  }

  /// Nesterov's form, of an element.
  public static let nesterovRule = UpdateRule(
    state: ["momentum"], scalars: ["rate", "mu", "decay"], probe: .state(0),
    openCL: """
      const REAL down = fma(decay, w, g);
      momentum = fma(mu, momentum, down);
      w = fma(-rate, fma(mu, momentum, down), w);
      """
  ) { range, w, g, state, scalars in
    let (v, rate, mu, decay) = (state[0], scalars[0], scalars[1], scalars[2])
    for i in range {
      let down = g[i] + decay * w[i]
      v[i] = mu * v[i] + down
      w[i] -= rate * (down + mu * v[i])
    }
  }
}

extension SGD {
  static let kind = Optimizers.Kind(
    name: name,
    options: [
      .init("momentum", 0.9, in: 0...1), .init("nesterov", 0, in: 0...1, isSwitch: true),
    ],
    learningRate: 0.1, weightDecay: 1e-4
  ) { options, decay in
    SGD(
      momentum: Float(options["momentum"]!), weightDecay: Float(decay.weightDecay),
      nesterov: options["nesterov"] == 1, decaysNormsAndBiases: decay.includesNormsAndBiases)
  }
}
