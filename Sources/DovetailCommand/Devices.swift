import ArgumentParser
import Dovetail

struct Devices: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the devices that --device takes.",
    discussion: """
      OpenCL devices first, by number; cpu, which needs no OpenCL, is always there. The one that \
      is used where no --device is given is marked.
      """)

  @OptionGroup var json: JSONOption

  private struct Device: Encodable {
    let device: String
    let name: String
    let platform: String
    let computeUnits: Int
    let memoryBytes: UInt64?
    let kernels: String
    let isDefault: Bool
  }

  func run() throws {
    try ExitStatus.reporting {
      try json.check()
      let cpu = CPUBackend()
      let openCL = try OpenCLBackend.devices()
      let best = DeviceChoice.best(openCL)?.index
      let devices =
        openCL.map {
          Device(
            device: "opencl:\($0.index)", name: $0.name,
            platform: "\($0.platform) \($0.driverVersion)", computeUnits: $0.computeUnits,
            memoryBytes: $0.memoryBytes, kernels: $0.family.rawValue, isDefault: $0.index == best)
        } + [
          Device(
            device: "cpu", name: "this computer", platform: "Swift", computeUnits: cpu.threads,
            memoryBytes: nil, kernels: "swift", isDefault: best == nil)
        ]
      try json.write(["devices": devices])
      if json.takesStdout { return }
      for device in devices {
        Console.print(
          "\(device.device)  \(device.name), \(device.platform), \(device.computeUnits) compute "
            + "units" + (device.memoryBytes.map { ", \($0 >> 20) MiB" } ?? "")
            + ", \(device.kernels) kernels" + (device.isDefault ? "  (default)" : ""))
      }
      if openCL.isEmpty {
        Console.log("No OpenCL platform was found; Debian's pocl-opencl-icd is one for CPUs.")
      }
    }
  }
}
