public import Tensors

extension OpenCLBackend {
  public func momentumStep(
    w: Tensor, g: Tensor, v: Tensor, learningRate: Float, momentum: Float, weightDecay: Float
  ) {
    precondition(
      w.shape == g.shape && g.shape == v.shape,
      "momentumStep: w \(w.shape), g \(g.shape), v \(v.shape)")
    attempt {
      try launchElementwise(
        "momentum_step",
        [
          .buffer(memory(w)), .buffer(memory(g)), .buffer(memory(v)), .float(learningRate),
          .float(momentum), .float(weightDecay),
        ],
        count: w.count)
    }
  }

  public func runningAverage(
    _ running: Tensor, towards value: Tensor, momentum: Float, scale: Float
  ) {
    precondition(
      running.shape == value.shape, "runningAverage: \(running.shape) towards \(value.shape)")
    attempt {
      try launchElementwise(
        "running_average",
        [
          .buffer(memory(running)), .buffer(memory(value)), .float(1 - momentum),
          .float(momentum * scale),
        ],
        count: running.count)
    }
  }
}
