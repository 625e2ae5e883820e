public import ArgumentParser
public import Dovetail

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

  /// Opens the device. The best one is the first OpenCL GPU that runs our kernels, else the first
  /// such OpenCL device, else the CPU backend.
  func open(
    convolutions: ConvolutionAlgorithm = .automatic, profiles: Bool = false
  ) throws -> any InstrumentedBackend {
    if case .cpu = self { return CPUBackend() }
    let devices = try OpenCLBackend.devices()
    switch self {
    case .openCL(let index?):
      guard devices.indices.contains(index) else {
        throw NoDevice("there is no device opencl:\(index)", devices)
      }
      return try OpenCLBackend(
        devices[index], convolutions: convolutions, profiles: profiles,
        announceBuild: BuildProgress().announce)
    case .openCL(nil):
      guard let device = Self.best(devices) else {
        throw NoDevice("there is no OpenCL device", devices)
      }
      return try OpenCLBackend(
        device, convolutions: convolutions, profiles: profiles,
        announceBuild: BuildProgress().announce)
    case .best, .cpu:
      guard let device = Self.best(devices) else { return CPUBackend() }
      return try OpenCLBackend(
        device, convolutions: convolutions, profiles: profiles,
        announceBuild: BuildProgress().announce)
    }
  }

  static func best(_ devices: [OpenCLDevice]) -> OpenCLDevice? {
    let usable = devices.filter(\.runsItsFamily)
    return usable.first { $0.isGPU } ?? usable.first
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

  /// Opens the device and names it: the first line of every run.
  /// - Parameter profiles: whether every kernel is timed.
  func open(profiles: Bool = false) throws -> any InstrumentedBackend {
    let backend = try (device ?? .best).open(convolutions: convolutions, profiles: profiles)
    var line = "Device: \(backend.deviceDescription)"
    if device == nil && backend.kind == "cpu" { line += ", as there is no OpenCL platform" }
    Console.log(line)
    return backend
  }
}

extension ConvolutionAlgorithm: ExpressibleByArgument {}
