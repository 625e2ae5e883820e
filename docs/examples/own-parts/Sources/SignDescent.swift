import Dovetail

/// An optimizer of one's own: signSGD with momentum (Bernstein et al. 2018),
///
///     m := β·m + (1 − β)·g
///     w := w − learningRate·(sign(m) + weightDecay·w)
///
/// One rule, written for OpenCL and in Swift, is all that there is to it.
final class SignDescent: Optimizer {
  static let name = "sign-descent"
  let weightDecay: Float
  let decaysNormsAndBiases: Bool
  let states = OptimizerStates()
  let dependsOnSteps = false

  init(weightDecay: Float, decaysNormsAndBiases: Bool) {
    (self.weightDecay, self.decaysNormsAndBiases) = (weightDecay, decaysNormsAndBiases)
  }

  func scalars(learningRate: Float, weightDecay: Float, step: Int) -> [Float] {
    [learningRate, weightDecay, 0.9]
  }

  let rule = UpdateRule(
    state: ["m"], scalars: ["rate", "decay", "beta"],
    openCL: """
      m = fma(beta, m - g, g);
      w = fma(-rate, fma(decay, w, fmin(fmax(m * 1e30f, -(REAL)(1.0f)), (REAL)(1.0f))), w);
      """
  ) { range, w, g, state, scalars in
    let m = state[0]
    for i in range {
      m[i] = scalars[2] * (m[i] - g[i]) + g[i]
      w[i] -= scalars[0] * (scalars[1] * w[i] + min(max(m[i] * 1e30, -1), 1))
    }
  }

  /// What a recipe may say of it: here nothing but `optimizer: sign-descent`.
  static let kind = Optimizers.Kind(
    name: name, options: [], learningRate: 1e-3, weightDecay: 0.01
  ) { _, decay in
    SignDescent(
      weightDecay: Float(decay.weightDecay), decaysNormsAndBiases: decay.includesNormsAndBiases)
  }
}
