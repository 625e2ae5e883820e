import COpenCL
import Dispatch
import Kernels

/// Told the name of a kernel that is about to be compiled, and how many have been so far, this one
/// included.
public typealias BuildAnnouncement = (_ kernel: String, _ count: Int) -> Void

/// Builds programs on demand and keeps their kernels.
final class ProgramCache {
  private let context: cl_context
  private let device: cl_device_id
  private var kernels: [ProgramKey: Kernel] = [:]
  /// Built ahead, their kernels not yet asked for.
  private var prepared: [ProgramText: cl_program] = [:]
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
      defines: family == .vector && device.takesCPUBuiltins ? ["CPU_BUILTINS"] : [],
      options: builds.options)
    log = try builds.logFolder.map(BuildLog.init)
    binaries = device.keepsBinaries ? nil : builds.binaries?.binaries(of: device)
    clRetainContext(context)
  }

  deinit {
    for kernel in kernels.values { kernel.handle.map { _ = clReleaseKernel($0) } }
    for program in prepared.values { clReleaseProgram(program) }
    clReleaseContext(context)
  }

  /// Kernels so far.
  var count: Int { kernels.count }

  func kernel(_ key: ProgramKey) throws -> Kernel {
    if let kernel = kernels[key] { return kernel }
    let kernel: Kernel
    if let recording {
      let program = recording.add(key, ProgramText(key, settings))
      kernel = Kernel(handle: nil, name: key.kernel, program: program)
    } else {
      announce?(key.kernel, kernels.count + 1)
      kernel = Kernel(handle: try build(key), name: key.kernel, program: kernels.count + 1)
    }
    kernels[key] = kernel
    return kernel
  }

  /// Builds programs that are not kept, by several threads at once, for `kernel` to take.
  /// - Throws: the first error, in the order given.
  func prepare(_ keys: [ProgramKey], threads: Int) throws {
    let texts = keys.filter { kernels[$0] == nil }.map { ProgramText($0, settings) }
      .filter { prepared[$0] == nil && binaries?.holds($0) != true }
    if let first = texts.first { announce?(first.kernel, kernels.count + 1) }
    for (text, program) in zip(
      texts, try ParallelBuild.programs(texts, context: context, device: device, threads: threads))
    {
      prepared[text] = program
      binaries?.keep(program, text)
    }
  }

  private func build(_ key: ProgramKey) throws -> cl_kernel {
    var settings = settings
    if settings.declaresBuiltins && key.own.isEmpty {
      if let kernel = try? compile(ProgramText(key, settings)) { return kernel }
      settings.declaresBuiltins = false
      // Another PoCL: as everywhere, and without a second try; or an update rule that uses more.
      if key.prelude.isEmpty { self.settings = settings }
    }
    // An option of a maker's own is a wish: a compiler that does not take it builds without.
    if !key.options.isEmpty, let kernel = try? compile(ProgramText(key, settings)) {
      return kernel
    }
    return try compile(ProgramText(key.withoutOptions, settings))
  }

  private func compile(_ text: ProgramText) throws -> cl_kernel {
    let start = DispatchTime.now().uptimeNanoseconds
    let (program, fromCache) = try built(text)
    defer { clReleaseProgram(program) }
    let seconds = Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9
    try log?.add(
      text, log: ProgramText.buildLog(program, device), seconds: seconds, fromCache: fromCache)
    var status: cl_int = 0
    let handle = clCreateKernel(program, text.kernel, &status)
    try check(status, "creating the kernel \(text.kernel)")
    return handle!
  }

  /// The program, from the kept binary where there is one that the driver takes.
  private func built(_ text: ProgramText) throws -> (program: cl_program, fromCache: Bool) {
    if let program = prepared.removeValue(forKey: text) { return (program, false) }
    if let program = binaries?.program(text, in: context) { return (program, true) }
    let program = try text.build(in: context, for: device)
    binaries?.keep(program, text)
    return (program, false)
  }
}
