public import Tensors

extension CPUBackend: InstrumentedBackend {
  /// As the compiler makes them for any processor of this architecture, as in all loops of this
  /// backend: on x86-64 a multiplication and an addition of four floats.
  public func runMultiplyAdds(rounds: Int) -> Double {
    let chunks = threads * 4
    let out = makeTensor([chunks * Lanes.scalarCount])
    // Not known to the compiler.
    let (m, b) = (Lanes(repeating: 1 / Float(min(2, rounds + 2))), Lanes(repeating: 0.25))
    let base = pointer(out)
    parallel(chunks) { chunk in
      var (a0, a1, a2, a3) = (Lanes(repeating: 0), Lanes(repeating: 1), m, b)
      var (a4, a5) = (m + b, m - b)
      for _ in 0..<rounds {
        a0 = a0 * m + b
        a1 = a1 * m + b
        a2 = a2 * m + b
        a3 = a3 * m + b
        a4 = a4 * m + b
        a5 = a5 * m + b
      }
      store(a0 + a1 + a2 + a3 + a4 + a5, base + chunk * Lanes.scalarCount)
    }
    return 2 * 6 * Double(rounds) * Double(Lanes.scalarCount) * Double(chunks)
  }

  public func runCopy(_ source: Tensor, to destination: Tensor) {
    precondition(
      source.count == destination.count, "runCopy: \(source.shape) to \(destination.shape)")
    let (from, to) = (pointer(source), pointer(destination))
    parallel(over: source.count, chunk: 1 << 16) { range in
      (to + range.lowerBound).update(from: from + range.lowerBound, count: range.count)
    }
  }

  public func observe(_ body: () -> Void) -> (algorithm: String, kernels: [String]) {
    body()
    return ("loops", [])
  }

  public var launchCount: Int? { nil }
  public var peakBufferBytes: Int? { nil }
  public var buffersAtPeak: [BufferShare] { [] }
}
