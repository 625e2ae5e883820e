import ArgumentParser
import Dovetail

struct Devices: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the devices that --device takes.")

  @OptionGroup var json: JSONOption

  private struct Device: Encodable {
    let device: String
    let name: String
    let platform: String
    let computeUnits: Int
    let memoryBytes: UInt64?
    let kernels: String
  }

  func run() throws {
    try ExitStatus.reporting {
      try json.check()
      let cpu = CPUBackend()
      let devices =
        try OpenCLBackend.devices().map {
          Device(
            device: "opencl:\($0.index)", name: $0.name,
            platform: "\($0.platform) \($0.driverVersion)", computeUnits: $0.computeUnits,
            memoryBytes: $0.memoryBytes, kernels: $0.family.rawValue)
        } + [
          Device(
            device: "cpu", name: cpu.deviceDescription, platform: "Swift",
            computeUnits: cpu.threads, memoryBytes: nil, kernels: "swift")
        ]
      try json.write(["devices": devices])
      if json.takesStdout { return }
      for device in devices {
        Console.print(
          "\(device.device)  \(device.name), \(device.platform), \(device.computeUnits) compute "
            + "units" + (device.memoryBytes.map { ", \($0 >> 20) MiB" } ?? "")
            + ", \(device.kernels) kernels")
      }
      if devices.count == 1 {
        Console.print("No OpenCL platform was found; Debian's pocl-opencl-icd makes the CPU one.")
      }
    }
  }
}
