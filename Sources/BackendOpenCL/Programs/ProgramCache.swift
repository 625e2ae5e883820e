import COpenCL
import Dispatch
import Kernels

/// A kernel and its name, for messages.
struct Kernel {
  /// Nil where launches are recorded only.
  let handle: cl_kernel?
  let name: String
  /// Its program's number, in the order in which they were asked for.
  let program: Int
}

/// Told the name of a kernel that is about to be compiled, and how many have been so far, this one
/// included.
public typealias BuildAnnouncement = (_ kernel: String, _ count: Int) -> Void

/// Builds programs on demand and keeps their kernels.
final class ProgramCache {
  private let context: cl_context
  private let device: cl_device_id
  private var kernels: [ProgramKey: Kernel] = [:]
  /// Called before each build, which may take a second.
  private let announce: BuildAnnouncement?
  private(set) var settings: CompilerSettings
  private let recording: StepRecording?
  private let log: BuildLog?
  private let binaries: DeviceBinaries?

  init(
    context: cl_context, device: OpenCLDevice, family: KernelFamily, builds: BuildSettings,
    recording: StepRecording?, announce: BuildAnnouncement?
  ) throws {
    self.context = context
    self.device = device.handle
    self.recording = recording
    self.announce = announce
    settings = CompilerSettings(
      declaresBuiltins: device.isPoCL && recording == nil,
      defines: family == .vector && device.takesCPUBuiltins ? ["CPU_BUILTINS"] : [], options: builds.options)
    log = try builds.logFolder.map(BuildLog.init)
    binaries = device.keepsBinaries ? nil : builds.binaries?.binaries(of: device)
    clRetainContext(context)
  }

  deinit {
    for kernel in kernels.values { kernel.handle.map { _ = clReleaseKernel($0) } }
    clReleaseContext(context)
  }

  /// Kernels so far.
  var count: Int { kernels.count }

  func kernel(_ key: ProgramKey) throws -> Kernel {
    if let kernel = kernels[key] { return kernel }
    let kernel: Kernel
    if let recording {
      let program = recording.add(ProgramText(key, settings))
      kernel = Kernel(handle: nil, name: key.kernel, program: program)
    } else {
      announce?(key.kernel, kernels.count + 1)
      kernel = Kernel(handle: try build(key), name: key.kernel, program: kernels.count + 1)
    }
    kernels[key] = kernel
    return kernel
  }

  private func build(_ key: ProgramKey) throws -> cl_kernel {
    if settings.declaresBuiltins {
      if let kernel = try? compile(ProgramText(key, settings)) { return kernel }
      // Another PoCL: as everywhere, and without a second try.
      settings.declaresBuiltins = false
    }
    return try compile(ProgramText(key, settings))
  }

  private func compile(_ text: ProgramText) throws -> cl_kernel {
    let start = DispatchTime.now().uptimeNanoseconds
    let (program, fromCache) = try built(text)
    defer { clReleaseProgram(program) }
    let seconds = Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9
    try log?.add(
      text, log: Self.buildLog(program, device), seconds: seconds, fromCache: fromCache)
    var status: cl_int = 0
    let handle = clCreateKernel(program, text.kernel, &status)
    try check(status, "creating the kernel \(text.kernel)")
    return handle!
  }

  /// The program, from the kept binary where there is one that the driver takes.
  private func built(_ text: ProgramText) throws -> (program: cl_program, fromCache: Bool) {
    if let program = binaries?.program(text, in: context) { return (program, true) }
    let program = try Self.program(text, context: context, device: device)
    binaries?.keep(program, text)
    return (program, false)
  }

  /// Compiled from source.
  static func program(
    _ text: ProgramText, context: cl_context, device: cl_device_id
  ) throws -> cl_program {
    var status: cl_int = 0
    let created: cl_program? = text.source.withCString { pointer in
      var source: UnsafePointer<CChar>? = pointer
      return clCreateProgramWithSource(context, 1, &source, nil, &status)
    }
    try check(status, "creating the program of \(text.kernel)")
    let program = created!
    var target: cl_device_id? = device
    let options = text.options.joined(separator: " ")
    status = clBuildProgram(program, 1, &target, options, nil, nil)
    guard status == CL_SUCCESS else {
      defer { clReleaseProgram(program) }
      throw OpenCLError(
        status, doing: "building \(text.kernel) with \(options)",
        detail: buildLog(program, device))
    }
    return program
  }

  private static func buildLog(_ program: cl_program, _ device: cl_device_id) -> String {
    let what = cl_program_build_info(CL_PROGRAM_BUILD_LOG)
    var size = 0
    clGetProgramBuildInfo(program, device, what, 0, nil, &size)
    var bytes = [UInt8](repeating: 0, count: size)
    clGetProgramBuildInfo(program, device, what, size, &bytes, nil)
    return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }
}
