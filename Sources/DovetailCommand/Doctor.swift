import ArgumentParser
import Dovetail

struct Doctor: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check that the devices compute rightly, and say what to do where they do not.",
    discussion: """
      Lists devices, drivers and limits, then runs every op of the contract at a few sizes that \
      hurt, with the kernels that the device runs (vector on CPUs, portable on GPUs; --kernels names \
      others, --all-kernels takes both), and holds the results against the CPU backend: within \
      rounding, no NaN, the same bits when called again and when the device is waited for after every \
      kernel. Without --device every OpenCL device is examined, and with --precision tf32 every one that \
      has tensor cores, with some more convolutions and a tolerance of their own. Exit status 0 where nothing is wrong, \
      1 where something is, 69 where there is no OpenCL device that can be used.
      """)

  @Flag(help: "Examine the kernels of both families.") var allKernels = false
  @OptionGroup var options: DeviceOption
  @OptionGroup var json: JSONOption

  func validate() throws {
    if case .cpu? = options.device {
      throw ValidationError("--device cpu: the CPU backend is what the others are held against")
    }
    if allKernels && options.kernels != nil {
      throw ValidationError("--all-kernels and --kernels: give one of them")
    }
    if allKernels && options.precision != .float32 {
      throw ValidationError(
        "--all-kernels: only portable kernels have products in \(options.precision.rawValue); "
          + "leave out --all-kernels or --precision")
    }
  }

  private struct Examined: Encodable {
    let device: String
    let name: String
    let platform: String
    let vendor: String
    let driver: String
    let version: String
    let languageVersion: String
    let isUsable: Bool
    /// Why it is not.
    let reason: String?
    let isGPU: Bool
    let computeUnits: Int
    let memoryBytes: UInt64
    let maxBufferBytes: UInt64
    let localMemoryBytes: UInt64
    let maxWorkGroupSize: Int
    let vectorWidth: Int
    let hasDoubles: Bool
    let hasCompiler: Bool
    let families: [FamilyExamination]
  }

  private struct Results: Encodable {
    let devices: [Examined]
    let checks: Int
    let failures: Int
    let advice: [Advice]
  }

  func run() throws {
    try ExitStatus.reporting {
      try json.check()
      if let logs = options.buildLogs { try DeviceOption.make(folder: logs, for: "--build-logs") }
      let all = try OpenCLDevices.all()
      let chosen = try withPrecision(choose(all))
      var examined: [Examined] = []
      var advice = chosen.isEmpty ? [Advice.noPlatform] : []
      for gpu in OpenCLDevices.unlistedGPUs(all) {
        advice.append(.unlisted(vendor: gpu.vendor, remedy: gpu.advice))
      }
      for device in chosen {
        let (result, more) = try examine(device)
        examined.append(result)
        advice += more
      }
      let findings = examined.flatMap(\.families).flatMap(\.findings)
      let failures = findings.count { $0.outcome != .fine }
      try json.write(
        Results(devices: examined, checks: findings.count, failures: failures, advice: advice))
      if !json.takesStdout {
        for item in advice { Console.print("\n\(item.problem)\n  \(item.remedy)") }
        if !findings.isEmpty {
          Console.print(
            failures == 0
              ? "\n\(findings.count) checks, nothing is wrong."
              : "\n\(findings.count) checks, \(failures) found something wrong.")
        }
      }
      if !examined.contains(where: \.isUsable) { throw ExitCode(69) }
      if failures > 0 { throw ExitCode(1) }
    }
  }

  private func choose(_ all: [OpenCLDevice]) throws -> [OpenCLDevice] {
    switch options.device {
    case .openCL(let index?):
      guard all.indices.contains(index) else {
        throw NoDevice("there is no device opencl:\(index)", all)
      }
      return [all[index]]
    case .openCL(nil), .best:
      return OpenCLDevices.best(all, kernels: options.kernels).map { [$0] } ?? []
    case .cpu, nil: return all
    }
  }

  /// Those that have products in this precision.
  /// - Throws: why the first has none, where that is so of all.
  private func withPrecision(_ devices: [OpenCLDevice]) throws -> [OpenCLDevice] {
    guard options.precision != .float32, !options.emulateTensorCores, let first = devices.first
    else { return devices }
    let able = devices.filter { $0.tensorCoreObjection == nil }
    if able.isEmpty, let reason = first.tensorCoreObjection {
      throw PrecisionError(options.precision, "opencl:\(first.index) (\(first.name))", reason)
    }
    return able
  }

  /// What is examined on a device, its own kernels first: an error there matters most.
  private func families(_ device: OpenCLDevice) -> [KernelFamily] {
    allKernels
      ? KernelFamily.allCases.sorted { a, _ in a == device.family }
      : [options.kernels ?? device.family]
  }

  private func examine(_ device: OpenCLDevice) throws -> (Examined, [Advice]) {
    show(
      """
      opencl:\(device.index)  \(device.name), \(device.platform) \(device.driverVersion)
        \(device.version), \(device.isGPU ? "GPU" : "CPU"), \(device.computeUnits) compute units, \
      vectors of \(device.vectorWidth) floats, \(device.hasDoubles ? "doubles" : "no doubles")
        \(device.memoryBytes >> 20) MiB, buffers up to \(device.maxBufferBytes >> 20) MiB, \
      \(device.localMemoryBytes >> 10) KiB local, work-groups up to \(device.maxWorkGroupSize)
      """)
    var advice = Advice.about(
      name: "opencl:\(device.index)", hasCompiler: device.hasCompiler,
      memoryBytes: device.memoryBytes, maxWorkGroupSize: device.maxWorkGroupSize,
      portableWorkGroupSize: OpenCLDevice.portableWorkGroupSize)
    var families: [FamilyExamination] = []
    let verdict = OpenCLDevices.verdict(on: device, kernels: options.kernels)
    if !verdict.isUsable {
      show("  cannot be used: \(verdict.reason)")
      advice.append(.unusable(name: "opencl:\(device.index)", reason: verdict.reason))
    }
    for family in verdict.isUsable ? self.families(device) : [] {
      let examination = FamilyExamination(
        family: family.rawValue, isOwn: family == device.family, findings: check(device, family))
      families.append(examination)
      show(examination.summary)
      for finding in examination.failures.prefix(10) { show("    \(finding.text)") }
      advice += examination.advice(device: "opencl:\(device.index)")
    }
    return (
      Examined(
        device: "opencl:\(device.index)", name: device.name, platform: device.platform,
        vendor: device.vendor, driver: device.driverVersion, version: device.version,
        languageVersion: device.languageVersion, isUsable: verdict.isUsable,
        reason: verdict.isUsable ? nil : verdict.reason, isGPU: device.isGPU,
        computeUnits: device.computeUnits, memoryBytes: device.memoryBytes,
        maxBufferBytes: device.maxBufferBytes, localMemoryBytes: device.localMemoryBytes,
        maxWorkGroupSize: device.maxWorkGroupSize, vectorWidth: device.vectorWidth,
        hasDoubles: device.hasDoubles, hasCompiler: device.hasCompiler, families: families),
      advice
    )
  }

  private func check(_ device: OpenCLDevice, _ family: KernelFamily) -> [KernelFinding] {
    defer { Console.endLine(keeps: false) }
    do {
      let settings = options.settings()
      func open(finishesEachKernel: Bool) throws -> OpenCLBackend {
        try OpenCLBackend(
          device, family: family, convolutions: settings.convolutions,
          precision: settings.precision, emulatesTensorCores: settings.emulatesTensorCores,
          finishesEachKernel: finishesEachKernel,
          // Once is enough for the logs: the two build alike.
          builds: finishesEachKernel
            ? BuildSettings(options: settings.builds.options, binaries: settings.builds.binaries)
            : settings.builds)
      }
      let check = KernelCheck(
        of: try open(finishesEachKernel: false), finishing: try open(finishesEachKernel: true),
        against: CPUBackend())
      let workloads =
        Workload.checks + (settings.precision == .float32 ? [] : Workload.tensorCoreChecks)
      var last = Console.seconds()
      return workloads.enumerated().map { index, workload in
        let words = "\(family) kernels: \(index) of \(workloads.count) checks"
        if Console.redraws {
          if Console.seconds() - last > 0.2 {
            Console.show(words)
            last = Console.seconds()
          }
        } else if Console.seconds() - last > 5 {
          Console.log(words)
          last = Console.seconds()
        }
        return check.examine(workload)
      }
    } catch {
      return [.cannotOpen("\(error)")]
    }
  }

  private func show(_ text: String) {
    if !json.takesStdout { Console.print(text) }
  }
}
