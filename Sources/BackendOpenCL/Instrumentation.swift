import COpenCL
import Kernels
public import Tensors

extension OpenCLBackend: InstrumentedBackend {
  public func runMultiplyAdds(rounds: Int) -> Double {
    // CPUs: wide vectors, one work-item at a time on a core. GPUs: scalars, and as many work-items
    // as hide the latency beside the chains of each.
    let width = family == .vector ? vectorWidth : 1
    let chains = 12
    let items = device.computeUnits * (family == .vector ? 128 : 2048)
    attempt {
      let out = makeStorage(items * width)
      guard let memory = out.memory else { return }
      try queue.launch(
        benchKernel("multiply_adds", ["V=\(width)", "CHUNK=1"]),
        [.buffer(memory), .float(0.5), .float(0.25), .int(rounds)], global: [items],
        local: family == .vector ? [1] : [128])
    }
    return 2 * 4 * Double(rounds) * Double(chains) * Double(width) * Double(items)
  }

  public func runCopy(_ source: Tensor, to destination: Tensor) {
    precondition(
      source.count == destination.count && source.count % 16 == 0,
      "runCopy: \(source.shape) to \(destination.shape); needs equal counts, multiples of 16")
    let width = family == .vector ? vectorWidth : 4
    let chunk = family == .vector ? 1 << 16 : 4
    attempt {
      try launch(
        benchKernel("copy_elements", ["V=\(width)", "CHUNK=\(chunk)"]),
        [.buffer(memory(source)), .buffer(memory(destination)), .int(source.count)],
        over: [(source.count + chunk - 1) / chunk], cpuGroup: [1])
    }
  }

  public func observe(_ body: () -> Void) -> (algorithm: String, kernels: [String]) {
    queue.startNaming()
    body()
    let kernels = queue.takeNames()
    if kernels.contains(where: { $0.contains("winograd") }) { return ("winograd", kernels) }
    if kernels.contains(where: { $0.contains("patch") }) { return ("patch", kernels) }
    if kernels.contains(where: { $0.contains("tiled") }) { return ("tiled", kernels) }
    // CLBlast launches by itself; ours beside it only add a bias.
    let byCLBlast = family == .portable && kernels.allSatisfy { $0.contains("bias") }
    return (byCLBlast ? "clblast" : family.rawValue, kernels)
  }

  public var launchCount: Int? { launches }
  public var peakBufferBytes: Int? { memory.peak }
  public var buffersAtPeak: [BufferShare] { pool.sharesAtPeak }

  private func benchKernel(_ name: String, _ defines: [String]) throws -> Kernel {
    let group = family == .vector ? "GROUP=ONE_ITEM" : "GROUP="
    return try programs.kernel(
      ProgramKey(source: .bench, kernel: name, defines: defines + [group]))
  }
}
