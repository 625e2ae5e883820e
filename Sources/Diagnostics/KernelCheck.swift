public import Tensors

/// What came of one workload on a backend that is held against another.
public struct KernelFinding: Codable, Sendable {
  /// How the outputs compare with the trusted backend's.
  public enum Outcome: String, Codable, Sendable {
    /// As good as the trusted backend's, and the same bits again.
    case fine
    /// An output holds something that is no finite number.
    case notFinite
    /// Off by more than rounding can explain.
    case differs
    /// Other bits when the device is waited for after every kernel, or when called again.
    case notRepeatable
    /// The device reported an error.
    case failed
  }

  /// The op's name in the contract; `open` of a device that cannot be opened.
  public let op: String
  /// Its sizes, for example `16→24 3×3, 7×5`.
  public let size: String
  /// Whether a convolution normalizes what it reads and leaves sums for what comes next.
  public let fused: Bool
  /// What the backend chose to compute it by, as `InstrumentedBackend.observe(_:)` tells.
  public let algorithm: String
  /// Kernels that ran, by name.
  public let kernels: [String]
  /// What came of it.
  public let outcome: Outcome
  /// max |got − expected| / max |expected| over the worst output; nil where there is none to tell.
  public let error: Double?
  /// What the device said, or which output it is.
  public let detail: String

  package init(
    op: String, size: String, fused: Bool, algorithm: String, kernels: [String],
    outcome: Outcome, error: Double?, detail: String
  ) {
    (self.op, self.size, self.fused) = (op, size, fused)
    (self.algorithm, self.kernels) = (algorithm, kernels)
    (self.outcome, self.error, self.detail) = (outcome, error, detail)
  }
}

/// Runs every op of the contract on a device and on a backend that is trusted, with equal inputs.
public struct KernelCheck {
  /// max |error| / max |reference| that rounding may explain: Winograd's F(4×4, 3×3) and batch
  /// norm's backward each lose some 1e-5.
  public static let tolerance = 2e-4
  /// The same of convolutions whose factors are rounded to ten bits of mantissa: each product is
  /// off by some 5e-4 of itself, and sums of many, of either sign, by that of the largest ones.
  public static let roundedTolerance = 2e-3

  private let subject: any InstrumentedBackend
  private let finishing: any Backend
  private let reference: any Backend

  /// - Parameters:
  ///   - subject: what is checked.
  ///   - finishing: the same device and kernels, waited for after each kernel.
  ///   - reference: what is trusted.
  public init(
    of subject: any InstrumentedBackend, finishing: any Backend, against reference: any Backend
  ) {
    (self.subject, self.finishing, self.reference) = (subject, finishing, reference)
  }

  /// Runs the op on the device, and holds its outputs against the trusted backend's.
  public func examine(_ workload: Workload) -> KernelFinding {
    var ran: (algorithm: String, kernels: [String]) = ("", [])
    func finding(
      _ outcome: KernelFinding.Outcome, _ detail: String, error: Double? = nil
    ) -> KernelFinding {
      KernelFinding(
        op: workload.op.rawValue, size: workload.sizes, fused: workload.fused,
        algorithm: ran.algorithm, kernels: ran.kernels, outcome: outcome, error: error,
        detail: detail)
    }
    do {
      let expected = try outputs(of: workload, on: reference)
      let prepared = workload.prepare(on: subject)
      ran = subject.observe {
        prepared.run()
        prepared.collect()
      }
      let got = try prepared.outputs.map { try subject.download($0) }
      for (index, output) in got.enumerated() {
        let bad = output.count { !$0.isFinite }
        if bad > 0 {
          return finding(.notFinite, "output \(index): \(bad) of \(output.count) are not finite")
        }
      }
      let errors = zip(got, expected).map { Self.error($0, $1) }
      let error = errors.max() ?? 0
      if error > tolerance(of: workload) {
        return finding(.differs, "output \(errors.firstIndex(of: error)!)", error: error)
      }
      for (backend, way) in [
        (subject as any Backend, "called again"), (finishing, "waited for after each kernel"),
      ] where try outputs(of: workload, on: backend).map(Self.bits) != got.map(Self.bits) {
        return finding(.notRepeatable, "other bits when \(way)", error: error)
      }
      return finding(.fine, "", error: error)
    } catch {
      return finding(.failed, "\(error)")
    }
  }

  private func tolerance(of workload: Workload) -> Double {
    switch workload.op {
    case .convolutionForward, .convolutionDataGradient, .convolutionFilterGradient,
      .convolutionGradients:
      subject.precision == .float32 ? Self.tolerance : Self.roundedTolerance
    default: Self.tolerance
    }
  }

  private func outputs(of workload: Workload, on backend: any Backend) throws -> [[Float]] {
    let prepared = workload.prepare(on: backend)
    prepared.run()
    prepared.collect()
    return try prepared.outputs.map { try backend.download($0) }
  }

  /// max |got − expected| / max |expected|.
  private static func error(_ got: [Float], _ expected: [Float]) -> Double {
    var (worst, scale) = (0.0, 0.0)
    for (a, b) in zip(got, expected) {
      worst = max(worst, abs(Double(a) - Double(b)))
      scale = max(scale, abs(Double(b)))
    }
    return scale == 0 ? worst : worst / scale
  }

  private static func bits(_ values: [Float]) -> [UInt32] { values.map(\.bitPattern) }
}
