import COpenCL
import Foundation

/// A program, and the launch that has the driver compile it to the end: PoCL makes machine code for a
/// size of work-groups when a kernel first runs with it.
public struct CompileJob: Codable, Sendable {
  let kernel: String
  let source: String
  let options: [String]
  let global: [Int]
  let local: [Int]?
  let arguments: [Argument]
  /// Of the largest buffer.
  let bytes: Int

  /// For people: the kernel and what it is specialized by.
  public var name: String { "\(kernel) \(local ?? []) \(options.joined(separator: " "))" }

  enum Argument: Codable {
    case buffer
    case none
    case int(Int)
    case float(Float)
    case float4(Float, Float, Float)
    case ints([Int32])
    case floats([Float])
  }
}

/// Compiles programs for the driver's cache, in a process that ends with it.
public final class CompileWorker {
  private let device: cl_device_id
  private let context: cl_context
  private let queue: cl_command_queue
  /// Zeros; stands for every buffer of a kernel.
  private var scratch: (memory: cl_mem, bytes: Int)?

  /// - Throws: `OpenCLError` where the device cannot be opened.
  public init(_ device: OpenCLDevice) throws {
    self.device = device.handle
    var id: cl_device_id? = device.handle
    var status: cl_int = 0
    let context = clCreateContext(nil, 1, &id, nil, nil, &status)
    try check(status, "creating a context on \(device.name)")
    self.context = context!
    let queue = clCreateCommandQueue(context, device.handle, 0, &status)
    try check(status, "creating a command queue")
    self.queue = queue!
  }

  deinit {
    if let scratch { clReleaseMemObject(scratch.memory) }
    clReleaseCommandQueue(queue)
    clReleaseContext(context)
  }

  /// Builds the program and runs its kernel on zeros: one work-group, where its size is given.
  /// - Throws: `OpenCLError` where the driver reports one.
  public func compile(_ job: CompileJob) throws {
    let text = ProgramText(kernel: job.kernel, source: job.source, options: job.options)
    let program = try text.build(in: context, for: device)
    defer { clReleaseProgram(program) }
    var status: cl_int = 0
    let kernel = clCreateKernel(program, job.kernel, &status)
    try check(status, "creating the kernel \(job.kernel)")
    defer { clReleaseKernel(kernel) }
    let scratch = try zeros(job.bytes)
    for (index, argument) in job.arguments.enumerated() {
      let value: KernelArgument =
        switch argument {
        case .buffer: .buffer(scratch)
        case .none: .none
        case .int(let value): .int(value)
        case .float(let value): .float(value)
        case .float4(let a, let b, let c): .float4(a, b, c)
        case .ints(let values): .ints(values)
        case .floats(let values): .floats(values)
        }
      try check(value.set(on: kernel!, at: cl_uint(index)), "setting argument \(index)")
    }
    // PoCL's choice of a size follows from the range; and it makes other code for very wide ones.
    let isWide = zip(job.global, job.local ?? []).contains { $0 / max($1, 1) > 1 << 14 }
    let global = isWide ? job.global : job.local ?? job.global
    status = clEnqueueNDRangeKernel(
      queue, kernel, cl_uint(global.count), nil, global, job.local, 0, nil, nil)
    try check(status, "launching \(job.kernel)")
    try check(clFinish(queue), "running \(job.kernel)")
  }

  /// At least so many bytes; what an earlier kernel left in them does no harm, but for indices.
  private func zeros(_ bytes: Int) throws -> cl_mem {
    var status: cl_int = 0
    if (scratch?.bytes ?? 0) < max(bytes, 4096) {
      if let scratch { clReleaseMemObject(scratch.memory) }
      scratch = nil
      let size = max(bytes, 4096)
      let made = clCreateBuffer(context, cl_mem_flags(CL_MEM_READ_WRITE), size, nil, &status)
      try check(status, "allocating \(size) bytes")
      scratch = (made!, size)
    }
    var zero: UInt8 = 0
    status = clEnqueueFillBuffer(
      queue, scratch!.memory, &zero, 1, 0, scratch!.bytes, 0, nil, nil)
    try check(status, "filling a buffer")
    return scratch!.memory
  }
}
