/// What was found about a device as a whole, and what to do about it.
public struct Advice: Codable, Sendable, Equatable {
  public let problem: String
  public let remedy: String

  init(_ problem: String, _ remedy: String) { (self.problem, self.remedy) = (problem, remedy) }

  public static let noPlatform = Advice(
    "No OpenCL platform was found.",
    "Install a driver: for CPUs PoCL (Debian: pocl-opencl-icd), for a GPU its maker's. Where the "
      + "driver's library is there but not registered, as in many containers, name it: "
      + "OCL_ICD_VENDORS=libnvidia-opencl.so.1 (ocl-icd) or "
      + "OCL_ICD_FILENAMES=libnvidia-opencl.so.1 (the Khronos loader). Until then everything runs "
      + "with --device cpu.")

  /// A GPU that no driver lists.
  public static func unlisted(vendor: String, remedy: String) -> Advice {
    Advice("A GPU of \(vendor) is in this machine and not used.", remedy)
  }

  /// A device that is passed over.
  public static func unusable(name: String, reason: String) -> Advice {
    Advice(
      "\(name) cannot be used: \(reason).",
      "Another device, or the CPU, is taken in its place. Update its driver; dovetail devices "
        + "--try-again then tries it once more.")
  }

  /// What the limits of a device tell.
  /// - Parameters:
  ///   - name: as `--device` takes it.
  ///   - hasCompiler: whether it can build programs from source.
  ///   - memoryBytes: of global memory.
  ///   - maxWorkGroupSize: work-items of a work-group, at most.
  ///   - portableWorkGroupSize: what the portable kernels take.
  public static func about(
    name: String, hasCompiler: Bool, memoryBytes: UInt64, maxWorkGroupSize: Int,
    portableWorkGroupSize: Int
  ) -> [Advice] {
    var advice: [Advice] = []
    if !hasCompiler {
      advice.append(
        Advice(
          "\(name): its driver has no compiler.",
          "Install the driver's full version (PoCL: with LLVM); kernels are built from source."))
    }
    if memoryBytes < 1 << 30 {
      advice.append(
        Advice(
          "\(name): has less than 1 GiB of memory.",
          "Lower the batch: ResNet-56 with batch 128 needs some 600 MiB."))
    }
    if maxWorkGroupSize < portableWorkGroupSize {
      advice.append(
        Advice(
          "\(name): takes at most \(maxWorkGroupSize) work-items in a group.",
          "Portable kernels take \(portableWorkGroupSize) and are refused; use --device cpu in "
            + "their place."))
    }
    return advice
  }
}

/// All findings on one device with one family of kernels.
public struct FamilyExamination: Codable, Sendable {
  public let family: String
  /// Whether it is the family that the device runs unless told otherwise.
  public let isOwn: Bool
  public let findings: [KernelFinding]

  public init(family: String, isOwn: Bool, findings: [KernelFinding]) {
    (self.family, self.isOwn, self.findings) = (family, isOwn, findings)
  }

  public var failures: [KernelFinding] { findings.filter { $0.outcome != .fine } }

  /// `vector kernels (its own): 87 of 87 fine, errors up to 3e-06`.
  public var summary: String {
    let worst = findings.compactMap(\.error).max() ?? 0
    return "  \(family) kernels\(isOwn ? " (its own)" : ""): \(findings.count - failures.count) of "
      + "\(findings.count) fine, largest error \(Float(worst)) of the largest value"
  }

  /// What to do, one piece for each kind of failure.
  public func advice(device: String) -> [Advice] {
    func failed(_ outcome: KernelFinding.Outcome) -> String? {
      let ops = Set(failures.filter { $0.outcome == outcome }.map(\.op)).sorted()
      return ops.isEmpty ? nil : ops.joined(separator: ", ")
    }
    let way =
      isOwn
      ? "Use --device cpu, or another driver or a later version of this one"
      : "This device does not use these kernels unless told to, so training is not affected"
    let report = "; please report it with the output of dovetail doctor --json."
    var advice: [Advice] = []
    if let ops = failed(.failed) {
      advice.append(
        Advice(
          "\(device), \(family) kernels: the driver reports errors in \(ops).",
          "The message names the call. Out of memory: close what else uses the device, lower the "
            + "batch. A build that fails: update the driver. " + way + report))
    }
    if let ops = failed(.notFinite) {
      advice.append(
        Advice("\(device), \(family) kernels: NaN or infinity from \(ops).", way + report))
    }
    if let ops = failed(.differs) {
      let winograd = failures.contains { $0.outcome == .differs && $0.algorithm == "winograd" }
      advice.append(
        Advice(
          "\(device), \(family) kernels: wrong results from \(ops).",
          (winograd ? "Try --convolutions direct, which leaves Winograd out. " : "") + way + report
        ))
    }
    if let ops = failed(.notRepeatable) {
      advice.append(
        Advice(
          "\(device), \(family) kernels: results change from call to call in \(ops).",
          "Runs will not repeat bit for bit; the driver may reorder a queue that is in order. "
            + way + report))
    }
    return advice
  }
}

extension KernelFinding {
  /// A device that cannot even be opened.
  public static func cannotOpen(_ reason: String) -> KernelFinding {
    KernelFinding(
      op: "open", size: "", fused: false, algorithm: "", kernels: [], outcome: .failed, error: nil,
      detail: reason)
  }

  /// One line.
  public var text: String {
    var parts = ["\(op) \(size)\(fused ? " fused" : "")"]
    switch outcome {
    case .fine: parts.append("fine")
    case .notFinite: parts.append("not finite")
    case .differs: parts.append("wrong by \(Float(error ?? 0)) of the largest value")
    case .notRepeatable: parts.append("does not repeat")
    case .failed: parts.append("failed")
    }
    if !detail.isEmpty { parts.append(detail) }
    if !kernels.isEmpty { parts.append("kernels " + kernels.joined(separator: ", ")) }
    return parts.joined(separator: ": ")
  }
}
