import COpenCL
import Kernels

/// What a program is built from; equal keys are built once.
struct ProgramKey: Hashable {
  /// Files, one after the other.
  let sources: [KernelSource]
  let kernel: String
  /// -D NAME=VALUE, in the order given.
  let defines: [String]

  init(_ sources: [KernelSource], kernel: String, defines: [String]) {
    (self.sources, self.kernel, self.defines) = (sources, kernel, defines)
  }

  /// One file, after the common one.
  init(source: KernelSource, kernel: String, defines: [String]) {
    self.init([.common, source], kernel: kernel, defines: defines)
  }
}

/// A kernel and its name, for messages.
struct Kernel {
  let handle: cl_kernel
  let name: String
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
  /// Whether `pocl_builtins.cl` stands for the driver's own declarations.
  private(set) var declaresBuiltins: Bool

  init(
    context: cl_context, device: cl_device_id, isPoCL: Bool, announce: BuildAnnouncement?
  ) {
    self.context = context
    declaresBuiltins = isPoCL
    self.announce = announce
    self.device = device
    clRetainContext(context)
  }

  deinit {
    for kernel in kernels.values { clReleaseKernel(kernel.handle) }
    clReleaseContext(context)
  }

  /// Kernels so far.
  var count: Int { kernels.count }

  func kernel(_ key: ProgramKey) throws -> Kernel {
    if let kernel = kernels[key] { return kernel }
    announce?(key.kernel, kernels.count + 1)
    let kernel = try build(key)
    kernels[key] = kernel
    return kernel
  }

  private func build(_ key: ProgramKey) throws -> Kernel {
    if declaresBuiltins {
      let declared = ProgramKey(
        [.poclBuiltins] + key.sources, kernel: key.kernel, defines: ["_OPENCL_H_"] + key.defines)
      if let kernel = try? compile(declared) { return kernel }
      // Another PoCL: as everywhere, and without a second try.
      declaresBuiltins = false
    }
    return try compile(key)
  }

  private func compile(_ key: ProgramKey) throws -> Kernel {
    let text = key.sources.map(\.text).joined(separator: "\n")
    var status: cl_int = 0
    let program: cl_program? = text.withCString { pointer in
      var source: UnsafePointer<CChar>? = pointer
      return clCreateProgramWithSource(context, 1, &source, nil, &status)
    }
    try check(status, "creating the program of \(key.kernel)")
    defer { clReleaseProgram(program) }
    var target: cl_device_id? = device
    // OpenCL C 1.2 everywhere; no relaxed arithmetic: equal source gives equal results.
    let options = (["-cl-std=CL1.2"] + key.defines.map { "-D\($0)" }).joined(separator: " ")
    status = clBuildProgram(program, 1, &target, options, nil, nil)
    guard status == CL_SUCCESS else {
      throw OpenCLError(
        status, doing: "building \(key.kernel) with \(options)", detail: buildLog(program))
    }
    let handle = clCreateKernel(program, key.kernel, &status)
    try check(status, "creating the kernel \(key.kernel)")
    return Kernel(handle: handle!, name: key.kernel)
  }

  private func buildLog(_ program: cl_program?) -> String {
    let what = cl_program_build_info(CL_PROGRAM_BUILD_LOG)
    var size = 0
    clGetProgramBuildInfo(program, device, what, 0, nil, &size)
    var bytes = [UInt8](repeating: 0, count: size)
    clGetProgramBuildInfo(program, device, what, size, &bytes, nil)
    return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }
}
