import ArgumentParser
import Dovetail

struct Devices: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the devices that --device takes.",
    discussion: """
      OpenCL devices first, by number; cpu, which needs no OpenCL, is always there. The one that \
      is used where no --device is given is marked. A device is tried out, once for each version of its \
      driver and build of ours, by a process of its own: one that fails is listed with the reason, and \
      passed over. Drivers that are there and that nobody registered are found, too.
      """)

  @Flag(help: "Try every device again, whatever came out before.") var tryAgain = false

  @OptionGroup var json: JSONOption

  private struct Device: Encodable {
    let device: String
    let name: String
    let platform: String
    let computeUnits: Int
    let memoryBytes: UInt64?
    let kernels: String
    let isDefault: Bool
    let isUsable: Bool
    /// Why it is not.
    let reason: String?
    var openCL: Facts?
  }

  /// What the driver says of an OpenCL device.
  private struct Facts: Encodable {
    let vendor: String
    let driver: String
    let version: String
    let languageVersion: String
    let isGPU: Bool
    let hasCompiler: Bool
    let hasDoubles: Bool
    let vectorWidth: Int
    let maxWorkGroupSize: Int
    let maxBufferBytes: UInt64
    let localMemoryBytes: UInt64
    let extensions: [String]
    /// NVIDIA's, as 9.0; nil elsewhere.
    let computeCapability: String?
    /// Whether --precision tf32 is for it.
    let hasTensorCores: Bool

    init(_ device: OpenCLDevice) {
      (vendor, driver) = (device.vendor, device.driverVersion)
      (version, languageVersion) = (device.version, device.languageVersion)
      (isGPU, hasCompiler) = (device.isGPU, device.hasCompiler)
      (hasDoubles, vectorWidth) = (device.hasDoubles, device.vectorWidth)
      (maxWorkGroupSize, maxBufferBytes) = (device.maxWorkGroupSize, device.maxBufferBytes)
      let (major, minor) = device.computeCapability
      computeCapability = major > 0 ? "\(major).\(minor)" : nil
      hasTensorCores = device.tensorCoreObjection == nil
      (localMemoryBytes, extensions) = (device.localMemoryBytes, device.extensions)
    }
  }

  private struct Results: Encodable {
    let devices: [Device]
    /// What the user should know beside.
    let notes: [String]
  }

  func run() throws {
    try ExitStatus.reporting {
      try json.check()
      let cpu = CPUBackend()
      let openCL = try OpenCLDevices.all()
      let verdicts = openCL.map {
        OpenCLDevices.verdict(on: $0, kernels: nil, triesAgain: tryAgain)
      }
      let usable = zip(openCL, verdicts).filter { $1.isUsable }.map(\.0)
      let best = (usable.first(where: \.isGPU) ?? usable.first)?.index
      let devices =
        zip(openCL, verdicts).map { device, verdict in
          Device(
            device: "opencl:\(device.index)", name: device.name,
            platform: "\(device.platform) \(device.driverVersion)",
            computeUnits: device.computeUnits, memoryBytes: device.memoryBytes,
            kernels: device.family.rawValue, isDefault: device.index == best,
            isUsable: verdict.isUsable, reason: verdict.isUsable ? nil : verdict.reason,
            openCL: Facts(device))
        } + [
          Device(
            device: "cpu", name: "this computer", platform: "Swift", computeUnits: cpu.threads,
            memoryBytes: nil, kernels: "swift", isDefault: best == nil, isUsable: true,
            reason: nil)
        ]
      var notes = OpenCLDevices.unlistedGPUs(openCL).map(\.advice)
      if openCL.isEmpty {
        notes.append("No OpenCL platform was found; Debian's pocl-opencl-icd is one for CPUs.")
      }
      try json.write(Results(devices: devices, notes: notes))
      if json.takesStdout { return }
      for device in devices {
        Console.print(
          "\(device.device)  \(device.name), \(device.platform), \(device.computeUnits) compute "
            + "units" + (device.memoryBytes.map { ", \($0 >> 20) MiB" } ?? "")
            + ", \(device.kernels) kernels" + (device.isDefault ? "  (default)" : "")
            + (device.reason.map { "\n  cannot be used: \($0)" } ?? ""))
      }
      for note in notes { Console.log(note) }
    }
  }
}
