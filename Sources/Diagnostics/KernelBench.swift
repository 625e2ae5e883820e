public import Tensors
import Training

/// What a device does at most, measured.
public struct Ceilings: Codable, Sendable {
  /// Multiply-adds in registers, two operations each.
  public let fmaPeakGFLOPS: Double
  /// A copy of large buffers, bytes read and bytes written both counted.
  public let copyGBs: Double

  public init(fmaPeakGFLOPS: Double, copyGBs: Double) {
    (self.fmaPeakGFLOPS, self.copyGBs) = (fmaPeakGFLOPS, copyGBs)
  }
}

/// One workload, timed.
public struct KernelRow: Codable, Sendable {
  /// Raw value of `OpName`.
  public let op: String
  /// Where the size comes from.
  public let place: String
  public let n: Int, h: Int, w: Int, c: Int, k: Int, r: Int, s: Int
  public let stride: Int, groups: Int
  /// What the backend chose.
  public let algorithm: String
  /// The kernels of one call.
  public let kernels: [String]
  public let fused: Bool
  /// Median of one call.
  public let milliseconds: Double
  /// Nominal (`Workload.nominalOperations`); 0 where there is next to no arithmetic.
  public let gflops: Double
  /// Each tensor read or written once.
  public let gbs: Double
  /// "fma" or "copy": which ceiling the fraction is of.
  public let limit: String
  /// Of the ceiling measured in the same run; above 1 where fewer operations than the nominal ones
  /// do, or caches hold what the copy did not find there.
  public let fractionOfPeak: Double
}

/// Times ops of the contract one by one.
public struct KernelBench {
  private let backend: any InstrumentedBackend
  private let repeats: Int
  private let stopwatch: Stopwatch
  /// A batch of calls takes at least so long, so that one wait at its end does not count.
  private let leastBatch: Double

  /// - Parameters:
  ///   - backend: what is measured.
  ///   - repeats: batches of calls of each row, of which the median counts.
  ///   - leastBatch: seconds that a batch takes at least.
  ///   - clock: what calls are timed by.
  public init(
    on backend: any InstrumentedBackend, repeats: Int, leastBatch: Double = 0.03,
    clock: some Clock<Duration> = ContinuousClock()
  ) {
    precondition(repeats >= 1, "KernelBench: \(repeats) repeats")
    (self.backend, self.repeats, self.leastBatch) = (backend, repeats, leastBatch)
    stopwatch = Stopwatch(clock)
  }

  /// Loads the device with nothing but multiply-adds, then with nothing but copies; in longer
  /// batches than the rows, as the share of every row hangs on them.
  public func ceilings(copiedBytes: Int = 1 << 28) throws -> Ceilings {
    var rounds = 1 << 10
    var operations = 0.0
    while try time(calls: 1, { operations = backend.runMultiplyAdds(rounds: rounds) })
      < leastBatch, rounds < 1 << 26
    {
      rounds *= 2
    }
    let fma = try secondsPerCall(atLeast: 8 * leastBatch) {
      _ = backend.runMultiplyAdds(rounds: rounds)
    }
    let count = copiedBytes / MemoryLayout<Float>.stride
    let (a, b) = (
      backend.makeTensor([count], filledWith: 1), backend.makeTensor([count], filledWith: 0)
    )
    let copy = try secondsPerCall(atLeast: 8 * leastBatch) { backend.runCopy(a, to: b) }
    return Ceilings(
      fmaPeakGFLOPS: operations / fma * 1e-9, copyGBs: 2 * Double(copiedBytes) / copy * 1e-9)
  }

  /// - Parameters:
  ///   - workload: an op at a size.
  ///   - ceilings: what the row is held against.
  public func measure(_ workload: Workload, against ceilings: Ceilings) throws -> KernelRow {
    let prepared = workload.prepare(on: backend)
    // Builds the kernels, too.
    let observed = backend.observe(prepared.run)
    try backend.synchronize()
    let time = try secondsPerCall(atLeast: leastBatch, prepared.run)
    let gflops = (workload.nominalOperations ?? 0) / time * 1e-9
    let gbs = Double(prepared.bytes) / time * 1e-9
    return KernelRow(
      op: workload.op.rawValue, place: workload.place, n: workload.n, h: workload.h,
      w: workload.w, c: workload.c, k: workload.k, r: workload.r, s: workload.s,
      stride: workload.stride, groups: workload.groups, algorithm: observed.algorithm,
      kernels: observed.kernels, fused: workload.fused, milliseconds: time * 1e3, gflops: gflops,
      gbs: gbs, limit: workload.isArithmetic ? "fma" : "copy",
      fractionOfPeak: workload.isArithmetic
        ? gflops / ceilings.fmaPeakGFLOPS : gbs / ceilings.copyGBs)
  }

  /// The median over batches of calls, each ended by one wait.
  private func secondsPerCall(atLeast batch: Double, _ call: () -> Void) throws -> Double {
    _ = try time(calls: 1, call)
    let one = max(try time(calls: 1, call), 1e-7)
    let calls = max(1, min(100_000, Int((batch / one).rounded(.up))))
    return try median { try time(calls: calls, call) } / Double(calls)
  }

  private func median(_ measure: () throws -> Double) rethrows -> Double {
    var times: [Double] = []
    for _ in 0..<repeats { times.append(try measure()) }
    return times.sorted()[repeats / 2]
  }

  private func time(calls: Int, _ call: () -> Void) throws -> Double {
    let start = stopwatch.seconds
    for _ in 0..<calls { call() }
    try backend.synchronize()
    return stopwatch.seconds - start
  }
}
