import ArgumentParser
import BuildInfo
import Dovetail
import Foundation
import Synchronization

/// The OpenCL devices as the command finds them: drivers that nobody registered among them, each
/// with a verdict.
enum OpenCLDevices {
  /// All of them; the first call of the process has the loader find unregistered drivers, too.
  static func all() throws -> [OpenCLDevice] {
    register
    let problem = compilerCache
    let devices = try OpenCLBackend.devices()
    if let problem, devices.contains(where: \.isPoCL) { say(problem) }
    return devices
  }

  /// PoCL is no platform where it cannot write its cache: it gets one that it can write, before the
  /// first call. What is wrong, where something is.
  private static let compilerCache: String? = CompilerCache.prepare()

  private static let hasSaid = Mutex(false)

  private static func say(_ problem: String) {
    let isFirst = hasSaid.withLock { said in
      defer { said = true }
      return !said
    }
    if isFirst { Console.log("dovetail: \(problem)") }
  }

  /// The first usable GPU, else the first usable device; says which are passed over, and why.
  /// - Parameter kernels: nil: each device's own.
  static func best(_ devices: [OpenCLDevice], kernels: KernelFamily?) -> OpenCLDevice? {
    // GPUs first, else in the order in which they stand.
    for device in devices.filter(\.isGPU) + devices.filter({ !$0.isGPU }) {
      let verdict = verdicts.verdict(on: device, family: kernels ?? device.family)
      if verdict.isUsable { return device }
      Console.log("dovetail: \(passedOver(device, verdict))")
    }
    return nil
  }

  /// "opencl:1 (llvmpipe) is passed over: …".
  static func passedOver(_ device: OpenCLDevice, _ verdict: DeviceVerdict) -> String {
    "opencl:\(device.index) (\(device.name)) is passed over: \(verdict.reason)"
  }

  static func verdict(
    on device: OpenCLDevice, kernels: KernelFamily?, triesAgain: Bool = false
  ) -> DeviceVerdict {
    verdicts.verdict(on: device, family: kernels ?? device.family, triesAgain: triesAgain)
  }

  /// GPUs that are there and that no driver lists.
  static func unlistedGPUs(_ devices: [OpenCLDevice]) -> [PresentGPU] {
    devices.contains(where: \.isGPU) ? [] : PresentGPU.all()
  }

  /// Of binaries that drivers do not keep.
  static let binaries = CacheFolder.path.map { BinaryStore(folder: "\($0)/programs") }

  private static let verdicts = DeviceVerdicts(
    trial: ["/proc/self/exe", TryDevice.configuration.commandName!],
    folder: CacheFolder.path.map { "\($0)/devices" },
    build: build)

  /// Tells builds of ours apart.
  static let build = "\(ProductVersion.current) \(BuildInfo.commit) \(madeAt)"

  /// When this program was made: a build of uncommitted changes is another one.
  private static let madeAt: Double = {
    let attributes = try? FileManager.default.attributesOfItem(atPath: executable)
    return (attributes?[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
  }()

  private static let executable =
    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
    ?? CommandLine.arguments[0]

  /// Has the loader find drivers that nobody registered; done once.
  private static let register: Void = {
    let environment = ProcessInfo.processInfo.environment
    let drivers = OpenCLDrivers(environment: environment)
    guard let registration = drivers.register(in: CacheFolder.candidates) else { return }
    setenv("OCL_ICD_VENDORS", registration.vendorFolder, 1)
    // A loader that knows it would list these twice; a process that is started again needs it.
    let named = environment["OCL_ICD_FILENAMES"]
    unsetenv("OCL_ICD_FILENAMES")
    if environment[restarted] == nil {
      for driver in registration.drivers {
        Console.log(
          "dovetail: found a driver of \(driver.vendor) that is not registered: \(driver.library)")
      }
    }
    guard !registration.libraryFolders.isEmpty, environment[restarted] == nil else { return }
    // The dynamic linker reads LD_LIBRARY_PATH when a process starts.
    let path = registration.libraryFolders + [environment["LD_LIBRARY_PATH"] ?? ""]
    setenv("LD_LIBRARY_PATH", path.filter { !$0.isEmpty }.joined(separator: ":"), 1)
    setenv(restarted, "1", 1)
    unsetenv("OCL_ICD_VENDORS")
    if let named { setenv("OCL_ICD_FILENAMES", named, 1) }
    var arguments = CommandLine.arguments.map { strdup($0) } + [nil]
    execv("/proc/self/exe", &arguments)
    // Where that is not allowed, the driver may still find its libraries.
    setenv("OCL_ICD_VENDORS", registration.vendorFolder, 1)
    unsetenv("OCL_ICD_FILENAMES")
  }()

  /// Tells a process that it has been started again for its libraries.
  private static let restarted = "DOVETAIL_RESTARTED_FOR_LIBRARIES"
}

/// Where what is made once for this machine is kept.
enum CacheFolder {
  /// `$XDG_CACHE_HOME/dovetail`, or `~/.cache/dovetail`; nil where neither is known.
  static let path: String? = {
    let environment = ProcessInfo.processInfo.environment
    if let cache = environment["XDG_CACHE_HOME"], cache.hasPrefix("/") {
      return "\(cache)/dovetail"
    }
    guard let home = environment["HOME"], home.hasPrefix("/") else { return nil }
    return "\(home)/.cache/dovetail"
  }()

  /// It, and one that only this user can have made.
  static var candidates: [String] {
    [path, privateTemporary].compactMap(\.self)
  }

  static var privateTemporary: String? {
    let folder =
      URL(fileURLWithPath: NSTemporaryDirectory()).standardizedFileURL.path
      + "/dovetail-\(getuid())"
    mkdir(folder, 0o700)
    var facts = stat()
    guard lstat(folder, &facts) == 0, facts.st_uid == getuid(), facts.st_mode & 0o777 == 0o700,
      facts.st_mode & S_IFMT == S_IFDIR
    else { return nil }
    return folder
  }
}

/// Builds and runs a small program on a device, in place of a process that has something to lose.
struct TryDevice: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "try-device",
    abstract: "Build and run a small program on a device; exit with 1 and say why where it fails.",
    shouldDisplay: false)

  @Argument var index: Int
  @Argument var kernels: KernelFamily

  func run() throws {
    do {
      let devices = try OpenCLDevices.all()
      guard devices.indices.contains(index) else {
        throw NoDevice("there is no device opencl:\(index)", devices)
      }
      try DeviceTrial.run(devices[index], family: kernels)
    } catch {
      Console.log("\(error)")
      throw ExitCode(DeviceVerdicts.failure)
    }
  }
}
