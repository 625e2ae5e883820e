public import Tensors

extension CPUBackend {
  public func momentumStep(
    w: Tensor, g: Tensor, v: Tensor, learningRate: Float, momentum: Float, weightDecay: Float
  ) {
    precondition(
      w.shape == g.shape && g.shape == v.shape,
      "momentumStep: w \(w.shape), g \(g.shape), v \(v.shape)")
    let (weight, gradient, velocity) = (pointer(w), pointer(g), pointer(v))
    parallel(over: w.count, chunk: Self.elementChunk) { range in
      for i in range {
        let next = momentum * velocity[i] + (gradient[i] + weightDecay * weight[i])
        velocity[i] = next
        weight[i] -= learningRate * next
      }
    }
  }

  public func runningAverage(
    _ running: Tensor, towards value: Tensor, momentum: Float, scale: Float
  ) {
    precondition(
      running.shape == value.shape, "runningAverage: \(running.shape) towards \(value.shape)")
    let (to, from) = (pointer(running), pointer(value))
    for i in 0..<running.count {
      to[i] = (1 - momentum) * to[i] + momentum * scale * from[i]
    }
  }
}
