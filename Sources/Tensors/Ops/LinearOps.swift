/// The fully connected layer: y = x·w + b, x `[N, C]`, w `[C, K]`, b `[K]`, y `[N, K]`.
public protocol LinearOps {
  func linear(x: Tensor, w: Tensor, b: Tensor, into y: Tensor)
  /// dx = dy·wᵀ.
  func linearDataGradient(dy: Tensor, w: Tensor, into dx: Tensor, accumulate: Bool)
  /// dw = xᵀ·dy, db[k] = Σ_n dy[n,k].
  func linearParameterGradient(
    x: Tensor, dy: Tensor, dw: GradientOutput?, db: GradientOutput?)
}

/// The checked sizes of one linear layer.
public struct LinearGeometry: Hashable, Sendable {
  public let n: Int, c: Int, k: Int

  public init(_ op: OpName, input: Shape, output: Shape, weight: Shape, bias: Shape? = nil) {
    precondition(
      input.rank == 2 && output.rank == 2 && weight == [input[1], output[1]]
        && input[0] == output[0] && (bias == nil || bias! == [output[1]]),
      "\(op): [N,C] \(input), [C,K] \(weight), [N,K] \(output), [K] "
        + "\(bias.map(\.description) ?? "-") do not agree")
    (n, c, k) = (input[0], input[1], output[1])
  }
}
