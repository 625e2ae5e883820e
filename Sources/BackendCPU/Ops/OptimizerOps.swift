public import Tensors

extension CPUBackend {
  public func momentumStep(
    _ updates: [MomentumUpdate], learningRate: Float, momentum: Float, weightDecay: Float
  ) {
    for update in updates {
      let count = update.w.count
      let (weight, gradient) = (pointer(update.w), pointer(update.g))
      let (velocity, slices) = (pointer(update.v), update.slices)
      parallel(over: count, chunk: Self.elementChunk) { range in
        for i in range {
          var g: Float = 0
          for slice in 0..<slices { g += gradient[slice * count + i] }
          let next = momentum * velocity[i] + (g + weightDecay * weight[i])
          velocity[i] = next
          weight[i] -= learningRate * next
        }
      }
    }
  }
}
