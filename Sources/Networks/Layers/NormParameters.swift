extension Sequential {
  /// Names of the scales γ and shifts β of all batch norms within.
  public var normParameters: Set<String> {
    Set(
      LayerGraph(of: self).steps.flatMap { step -> [String] in
        guard case .batchNorm(let gamma, let beta, _, _, _, _) = step.operation else { return [] }
        return [gamma, beta]
      })
  }

  /// Leaves what batch norms scale and shift by to be trained, and freezes all else.
  public func freezeAllButNorms() {
    let norms = normParameters
    for parameter in parameters { parameter.isFrozen = !norms.contains(parameter.name) }
  }
}
