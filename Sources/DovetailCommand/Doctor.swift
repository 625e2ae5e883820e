import ArgumentParser
import Dovetail

struct Doctor: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check that the devices compute rightly, and say what to do where they do not.",
    discussion: """
      Lists devices, drivers and limits, then runs every op of the contract at a few sizes that \
      hurt, with the kernels of both families (vector for CPUs, portable for GPUs), and holds the \
      results against the CPU backend: within rounding, no NaN, the same bits when called again \
      and when the device is waited for after every kernel. Exit status 0 where nothing is wrong, \
      1 where something is, 69 where there is no OpenCL device.
      """)

  @Option(
    help: ArgumentHelp(
      "Which device: opencl:N (dovetail devices lists them). Default: every OpenCL device.",
      valueName: "device"))
  var device: DeviceChoice?
  @OptionGroup var json: JSONOption

  func validate() throws {
    if case .cpu? = device {
      throw ValidationError("--device cpu: the CPU backend is what the others are held against")
    }
  }

  private struct Examined: Encodable {
    let device: String
    let name: String
    let platform: String
    let driver: String
    let version: String
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
      let chosen = try devices()
      var examined: [Examined] = []
      var advice = chosen.isEmpty ? [Advice.noPlatform] : []
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
        if !chosen.isEmpty {
          Console.print(
            failures == 0
              ? "\n\(findings.count) checks, nothing is wrong."
              : "\n\(findings.count) checks, \(failures) found something wrong.")
        }
      }
      if chosen.isEmpty { throw ExitCode(69) }
      if failures > 0 { throw ExitCode(1) }
    }
  }

  private func devices() throws -> [OpenCLDevice] {
    let all = try OpenCLBackend.devices()
    switch device {
    case .openCL(let index?):
      guard all.indices.contains(index) else {
        throw NoDevice("there is no device opencl:\(index)", all)
      }
      return [all[index]]
    case .openCL(nil), .best:
      return DeviceChoice.best(all).map { [$0] } ?? []
    case .cpu, nil: return all
    }
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
      memoryBytes: device.memoryBytes, maxWorkGroupSize: device.maxWorkGroupSize)
    var families: [FamilyExamination] = []
    // The device's own kernels first: an error there matters most.
    for family in KernelFamily.allCases.sorted(by: { a, _ in a == device.family }) {
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
        driver: device.driverVersion, version: device.version, isGPU: device.isGPU,
        computeUnits: device.computeUnits, memoryBytes: device.memoryBytes,
        maxBufferBytes: device.maxBufferBytes, localMemoryBytes: device.localMemoryBytes,
        maxWorkGroupSize: device.maxWorkGroupSize, vectorWidth: device.vectorWidth,
        hasDoubles: device.hasDoubles, hasCompiler: device.hasCompiler, families: families),
      advice
    )
  }

  private func check(_ device: OpenCLDevice, _ family: KernelFamily) -> [KernelFinding] {
    do {
      let check = KernelCheck(
        of: try OpenCLBackend(device, family: family),
        finishing: try OpenCLBackend(device, family: family, finishesEachKernel: true),
        against: CPUBackend())
      let workloads = Workload.checks
      var last = Console.seconds()
      return workloads.enumerated().map { index, workload in
        if Console.seconds() - last > 5 {
          Console.log("\(family) kernels: \(index) of \(workloads.count) checks")
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
