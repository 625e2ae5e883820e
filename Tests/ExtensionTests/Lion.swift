import Dovetail

/// Lion (Chen et al. 2023, Algorithm 2), as somebody else would add it:
///
///     w := w − rate·(sign(β₁·m + (1 − β₁)·g) + weightDecay·w)
///     m := β₂·m + (1 − β₂)·g
final class Lion: Optimizer {
  static let name = "lion"
  let weightDecay: Float
  let decaysNormsAndBiases: Bool
  let states = OptimizerStates()
  let dependsOnSteps = false

  init(weightDecay: Float, decaysNormsAndBiases: Bool) {
    (self.weightDecay, self.decaysNormsAndBiases) = (weightDecay, decaysNormsAndBiases)
  }

  func scalars(learningRate: Float, weightDecay: Float, step: Int) -> [Float] {
    [learningRate, weightDecay, 0.9, 0.99]
  }

  let rule = UpdateRule(
    state: ["m"], scalars: ["rate", "decay", "beta1", "beta2"],
    openCL: """
      const REAL c = fma(beta1, m - g, g);
      const REAL down = fmin(fmax(c * 1e30f, -(REAL)(1.0f)), (REAL)(1.0f));
      w = fma(-rate, fma(decay, w, down), w);
      m = fma(beta2, m - g, g);
      """
  ) { range, w, g, state, s in
    let m = state[0]
    for i in range {
      let c = s[2] * (m[i] - g[i]) + g[i]
      w[i] -= s[0] * (min(max(c * 1e30, -1), 1) + s[1] * w[i])
      m[i] = s[3] * (m[i] - g[i]) + g[i]
    }
  }

  static let kind = Optimizers.Kind(
    name: name, options: [], learningRate: 1e-3, weightDecay: 0.1
  ) { _, decay in
    Lion(
      weightDecay: Float(decay.weightDecay), decaysNormsAndBiases: decay.includesNormsAndBiases)
  }
}
