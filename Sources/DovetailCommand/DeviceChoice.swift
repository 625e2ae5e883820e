public import ArgumentParser
public import Dovetail
import Foundation

/// `--device cpu|opencl[:n]`.
enum DeviceChoice: ExpressibleByArgument {
  case best
  case cpu
  case openCL(Int?)

  init?(argument: String) {
    switch argument {
    case "cpu": self = .cpu
    case "opencl": self = .openCL(nil)
    default:
      guard argument.hasPrefix("opencl:"), let index = Int(argument.dropFirst(7)), index >= 0
      else { return nil }
      self = .openCL(index)
    }
  }

  /// Opens the device. The best one is the first OpenCL GPU that is usable, else the first usable
  /// OpenCL device, else the CPU backend.
  func open(_ settings: DeviceSettings = DeviceSettings()) throws -> any InstrumentedBackend {
    if case .cpu = self { return try Self.cpu(settings) }
    let devices = try OpenCLDevices.all()
    let chosen: OpenCLDevice
    switch self {
    case .openCL(let index?):
      chosen = try Self.device(index, of: devices, kernels: settings.kernels)
    case .openCL(nil):
      guard let best = OpenCLDevices.best(devices, kernels: settings.kernels) else {
        throw NoDevice("there is no OpenCL device that can be used", devices)
      }
      chosen = best
    case .best, .cpu:
      guard let best = OpenCLDevices.best(devices, kernels: settings.kernels) else {
        return try Self.cpu(settings)
      }
      chosen = best
    }
    return try OpenCLBackend(
      chosen, family: settings.kernels, convolutions: settings.convolutions,
      precision: settings.precision, emulatesTensorCores: settings.emulatesTensorCores,
      profiles: settings.profiles, builds: settings.builds, recording: settings.recording,
      announceBuild: BuildProgress().announce)
  }

  private static func cpu(_ settings: DeviceSettings) throws -> CPUBackend {
    guard settings.precision == .float32 else {
      throw PrecisionError(settings.precision, "the CPU backend", "has no tensor cores")
    }
    return CPUBackend()
  }

  /// The device of this number, where it can be used.
  private static func device(
    _ index: Int, of devices: [OpenCLDevice], kernels: KernelFamily?
  ) throws -> OpenCLDevice {
    guard devices.indices.contains(index) else {
      throw NoDevice("there is no device opencl:\(index)", devices)
    }
    let verdict = OpenCLDevices.verdict(on: devices[index], kernels: kernels)
    guard verdict.isUsable else {
      throw NoDevice(
        "opencl:\(index) (\(devices[index].name)) cannot be used: \(verdict.reason) "
          + "(dovetail devices --try-again tries it once more)", devices)
    }
    return devices[index]
  }
}

/// The device that was asked for is not there.
struct NoDevice: Error, CustomStringConvertible {
  let description: String

  init(_ problem: String, _ devices: [OpenCLDevice]) {
    let there =
      devices.isEmpty
      ? "no OpenCL platform was found; install one (Debian: pocl-opencl-icd)"
      : "there are " + devices.map { "opencl:\($0.index) (\($0.name))" }.joined(separator: ", ")
    description = "\(problem): \(there), or use --device cpu"
  }
}

struct DeviceOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Where to compute: cpu, opencl or opencl:N (dovetail devices lists them).",
      discussion: "Default: the best OpenCL device, else the CPU.", valueName: "device"))
  var device: DeviceChoice?

  @Option(
    help: ArgumentHelp(
      "How OpenCL convolves on a CPU: automatic or direct.",
      discussion: """
        automatic: by Winograd's F(4x4, 3x3) where it is faster, with errors of some 3e-6 of the \
        largest value; direct: errors of 3e-7, two to three times slower.
        """))
  var convolutions = ConvolutionAlgorithm.automatic

  @Option(
    help: ArgumentHelp(
      "Which kernels run on an OpenCL device: vector or portable.",
      discussion: "vector is written for CPUs, portable for GPUs. Default: the device's own."))
  var kernels: KernelFamily?

  @Option(
    help: ArgumentHelp(
      "What convolutions round their factors to: float32 or tf32.",
      discussion: """
        tf32: on the tensor cores of NVIDIA's GPUs of compute capability 8.0 or later, several times \
        as fast for wide networks, with errors of some 5e-4 of the largest value; where there are none \
        it is refused. float32, which rounds nothing, is the default.
        """))
  var precision = ProductPrecision.float32

  /// For tests: tf32 without tensor cores, on any device.
  @Flag(help: .hidden) var emulateTensorCores = false

  @Option(
    name: .customLong("build-options"), parsing: .unconditional,
    help: ArgumentHelp(
      "Options for the driver's compiler, after our own.",
      discussion: "For example --build-options '-cl-nv-verbose'.", valueName: "text"))
  var buildOptions = ""

  @Option(
    name: .customLong("build-logs"),
    help: ArgumentHelp(
      "Folder for source, options and compiler's log of each program that is built.",
      valueName: "dir"))
  var buildLogs: String?

  /// What the options say.
  func settings(profiles: Bool = false, recording: StepRecording? = nil) -> DeviceSettings {
    DeviceSettings(
      convolutions: convolutions, kernels: kernels, precision: precision,
      emulatesTensorCores: emulateTensorCores,
      builds: BuildSettings(
        options: buildOptions.split(separator: " ").map(String.init), logFolder: buildLogs,
        binaries: OpenCLDevices.binaries),
      profiles: profiles, recording: recording)
  }

  /// Before the work: can the folder be there?
  static func make(folder: String, for option: String) throws {
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw OutputError(
        description: "\(option) \(folder): the folder cannot be made; give one where we may write")
    }
  }

  /// Opens the device and names it: the first line of every run.
  /// - Parameters:
  ///   - profiles: whether every kernel is timed.
  ///   - recording: where commands are written down instead of run.
  ///   - isSaid: whether the device is named.
  func open(
    profiles: Bool = false, recording: StepRecording? = nil, isSaid: Bool = true
  ) throws -> any InstrumentedBackend {
    if let buildLogs { try Self.make(folder: buildLogs, for: "--build-logs") }
    let backend = try (device ?? .best).open(settings(profiles: profiles, recording: recording))
    guard isSaid else { return backend }
    var line = "Device: \(backend.deviceDescription)"
    if device == nil {
      let devices = try OpenCLDevices.all()
      if backend.kind == "cpu" {
        line +=
          devices.isEmpty
          ? ", as there is no OpenCL platform" : ", as no OpenCL device can be used"
      }
      Console.log(line)
      for gpu in OpenCLDevices.unlistedGPUs(devices) { Console.log("dovetail: \(gpu.advice)") }
    } else {
      Console.log(line)
    }
    return backend
  }
}

extension ConvolutionAlgorithm: ExpressibleByArgument {}
extension KernelFamily: ExpressibleByArgument {}
extension ProductPrecision: ExpressibleByArgument {}

/// How a device is opened.
struct DeviceSettings {
  var convolutions = ConvolutionAlgorithm.automatic
  /// Nil: the device's own.
  var kernels: KernelFamily?
  var precision = ProductPrecision.float32
  var emulatesTensorCores = false
  var builds = BuildSettings()
  var profiles = false
  var recording: StepRecording?
}
