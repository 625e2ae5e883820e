import COpenCL
import Kernels
public import Tensors

extension OpenCLBackend {
  public func relu(x: Tensor, into y: Tensor) {
    precondition(x.shape == y.shape, "reluForward: x \(x.shape), y \(y.shape)")
    attempt {
      try launchElementwise("relu", [.buffer(memory(x)), .buffer(memory(y))], count: x.count)
    }
  }

  public func reluBackward(dy: Tensor, y: Tensor, into dx: Tensor, accumulate: Bool) {
    precondition(
      dy.shape == y.shape && y.shape == dx.shape,
      "reluBackward: dy \(dy.shape), y \(y.shape), dx \(dx.shape)")
    attempt {
      try launchElementwise(
        "relu_backward", [.buffer(memory(dy)), .buffer(memory(y)), .buffer(memory(dx))],
        count: y.count, after: [.int(accumulate ? 1 : 0)])
    }
  }

  public func add(_ a: Tensor, _ b: Tensor, into y: Tensor) {
    precondition(
      a.shape == b.shape && b.shape == y.shape,
      "addForward: a \(a.shape), b \(b.shape), y \(y.shape)")
    attempt {
      try launchElementwise(
        "add", [.buffer(memory(a)), .buffer(memory(b)), .buffer(memory(y))], count: y.count)
    }
  }

  public func fill(_ tensor: Tensor, with value: Float) {
    attempt {
      try launchElementwise("fill", [.buffer(memory(tensor)), .float(value)], count: tensor.count)
    }
    filterChanged(tensor)
  }

  // MARK: Launching

  /// Elements of a work-item in `elementwise.cl`.
  private var chunk: Int { family == .vector ? 16_384 : 1 }

  /// Launches a kernel of `elementwise.cl`; `count` follows the arguments given.
  func launchElementwise(
    _ name: String, _ arguments: [KernelArgument], count: Int, after: [KernelArgument] = []
  ) throws {
    try launch(
      elementwiseKernel(name, chunk: chunk), arguments + [.int(count)] + after,
      over: [(count + chunk - 1) / chunk],
      cpuGroup: [1])
  }

  /// out := Σ slices, in order.
  func sumSlices(_ partial: cl_mem, slices: Int, into out: Tensor, accumulate: Bool) throws {
    // Small chunks: a filter has few elements, and each is read `slices` times.
    let chunk = family == .vector ? 256 : 1
    try launch(
      elementwiseKernel("sum_slices", chunk: chunk),
      [
        .buffer(partial), .buffer(memory(out)), .int(slices), .int(out.count),
        .int(accumulate ? 1 : 0),
      ],
      over: [(out.count + chunk - 1) / chunk], cpuGroup: [1])
  }

  private func elementwiseKernel(_ name: String, chunk: Int) throws -> Kernel {
    try memos(ElementwiseKernelKey(name: name, chunk: chunk)) {
      try programs.kernel(
        ProgramKey(
          source: .elementwise, kernel: name, defines: ["V=\(vectorWidth)", "CHUNK=\(chunk)"]))
    }
  }
}

/// What a program of `elementwise.cl` depends on.
struct ElementwiseKernelKey: Hashable {
  let name: String
  let chunk: Int
}
