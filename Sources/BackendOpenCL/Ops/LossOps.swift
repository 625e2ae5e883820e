import COpenCL
import Kernels
public import Tensors

extension OpenCLBackend {
  public func softmaxCrossEntropy(
    logits: Tensor, labels: Labels, divisor: Float, smoothing: Float, into loss: Tensor
  ) {
    let g = LossGeometry(
      .softmaxCrossEntropyForward, logits: logits.shape, labels: labels, loss: loss.shape)
    attempt {
      let losses = makeStorage(g.n)
      guard let each = losses.memory else { return }
      try launch(
        lossKernel("cross_entropy"),
        [
          .buffer(memory(logits)), .buffer(memory(labels)), .buffer(each), .float(smoothing),
          .int(g.n), .int(g.k),
        ],
        over: [g.n])
      try launch(
        lossKernel("sum_losses"),
        [.buffer(each), .buffer(memory(loss)), .float(divisor), .int(g.n)], over: [1])
    }
  }

  public func softmaxCrossEntropyBackward(
    logits: Tensor, labels: Labels, divisor: Float, smoothing: Float, dloss: Tensor,
    into dlogits: Tensor, accumulate: Bool
  ) {
    let g = LossGeometry(
      .softmaxCrossEntropyBackward, logits: logits.shape, labels: labels, loss: dloss.shape)
    precondition(
      dlogits.shape == logits.shape,
      "softmaxCrossEntropyBackward: logits \(logits.shape), dlogits \(dlogits.shape)")
    attempt {
      try launch(
        lossKernel("cross_entropy_backward"),
        [
          .buffer(memory(logits)), .buffer(memory(labels)), .buffer(memory(dloss)),
          .buffer(memory(dlogits)), .float(divisor), .float(smoothing), .int(g.n), .int(g.k),
          .int(accumulate ? 1 : 0),
        ],
        over: [g.n])
    }
  }

  func lossKernel(_ name: String) throws -> Kernel {
    try programs.kernel(ProgramKey(source: .loss, kernel: name, defines: ["V=1"]))
  }

  private func memory(_ labels: Labels) -> cl_mem {
    guard let storage = labels.storage as? OpenCLStorage else {
      preconditionFailure("labels of another backend were given to the OpenCL backend")
    }
    return storage.memory!
  }
}
