import COpenCL

/// One in-order queue: uploads, downloads, copies, kernels.
final class CommandQueue {
  let handle: cl_command_queue
  private let context: cl_context
  private(set) var launches = 0
  /// Where kernels are timed: their events, by name, not yet read.
  private let profiles: Bool
  private var timed: [(name: String, event: cl_event)] = []
  /// Host copies of uploads that the device may not have read yet, oldest first.
  private var inFlight: [(event: cl_event, bytes: UnsafeMutableRawPointer)] = []

  init(context: cl_context, device: cl_device_id, profiles: Bool = false) throws {
    var status: cl_int = 0
    let properties = profiles ? cl_command_queue_properties(CL_QUEUE_PROFILING_ENABLE) : 0
    let queue = clCreateCommandQueue(context, device, properties, &status)
    try check(status, "creating a command queue")
    handle = queue!
    self.profiles = profiles
    self.context = context
    clRetainContext(context)
  }

  deinit {
    clFinish(handle)
    for (_, event) in timed { clReleaseEvent(event) }
    for (event, bytes) in inFlight {
      clReleaseEvent(event)
      bytes.deallocate()
    }
    clReleaseCommandQueue(handle)
    clReleaseContext(context)
  }

  /// Enqueues a write and returns at once: the values are copied first, so that an upload in the
  /// middle of a step does not wait for the step.
  func write<Value: BitwiseCopyable>(_ values: [Value], to buffer: cl_mem) throws {
    if values.isEmpty { return }
    releaseFinishedUploads()
    let size = values.count * MemoryLayout<Value>.stride
    let copy = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 64)
    values.withUnsafeBytes { copy.copyMemory(from: $0.baseAddress!, byteCount: size) }
    var event: cl_event?
    let status = clEnqueueWriteBuffer(
      handle, buffer, cl_bool(CL_FALSE), 0, size, copy, 0, nil, &event)
    guard status == CL_SUCCESS, let event else {
      copy.deallocate()
      throw OpenCLError(status, doing: "uploading \(size) bytes")
    }
    inFlight.append((event, copy))
  }

  private func releaseFinishedUploads() {
    var finished = 0
    for (event, bytes) in inFlight {
      var state: cl_int = 0
      clGetEventInfo(
        event, cl_event_info(CL_EVENT_COMMAND_EXECUTION_STATUS), MemoryLayout<cl_int>.size,
        &state, nil)
      if state > CL_COMPLETE { break }
      clReleaseEvent(event)
      bytes.deallocate()
      finished += 1
    }
    inFlight.removeFirst(finished)
  }

  func read(_ buffer: cl_mem, into values: inout [Float]) throws {
    if values.isEmpty { return }
    let size = values.count * MemoryLayout<Float>.stride
    try check(
      clEnqueueReadBuffer(handle, buffer, cl_bool(CL_TRUE), 0, size, &values, 0, nil, nil),
      "downloading \(size) bytes")
  }

  func copy(_ source: cl_mem, to destination: cl_mem, bytes: Int) throws {
    if bytes == 0 { return }
    try check(
      clEnqueueCopyBuffer(handle, source, destination, 0, 0, bytes, 0, nil, nil),
      "copying \(bytes) bytes")
  }

  /// Enqueues `kernel` over `global` work-items, in groups of `local` where given.
  func launch(
    _ kernel: Kernel, _ arguments: [KernelArgument], global: [Int], local: [Int]? = nil
  ) throws {
    if global.contains(0) { return }
    for (index, argument) in arguments.enumerated() {
      try check(
        argument.set(on: kernel.handle, at: cl_uint(index)),
        "setting argument \(index) of \(kernel.name)")
    }
    var event: cl_event?
    let status = withUnsafeMutablePointer(to: &event) {
      clEnqueueNDRangeKernel(
        handle, kernel.handle, cl_uint(global.count), nil, global, local, 0, nil,
        profiles ? $0 : nil)
    }
    try check(status, "launching \(kernel.name) over \(global)")
    launches += 1
    if let event { timed.append((kernel.name, event)) }
  }

  /// Seconds that each kernel launched since the last call took on the device, by name.
  func takeTimes() -> [(name: String, seconds: Double)] {
    defer { timed = [] }
    return timed.map { name, event in
      func time(_ what: Int32) -> UInt64 {
        var value: cl_ulong = 0
        clGetEventProfilingInfo(
          event, cl_profiling_info(what), MemoryLayout<cl_ulong>.size, &value, nil)
        return value
      }
      defer { clReleaseEvent(event) }
      return (
        name, Double(time(CL_PROFILING_COMMAND_END) - time(CL_PROFILING_COMMAND_START)) * 1e-9
      )
    }
  }

  func finish() throws {
    try check(clFinish(handle), "waiting for the device")
    releaseFinishedUploads()
  }
}

/// One argument of a kernel.
enum KernelArgument {
  case buffer(cl_mem)
  /// A pointer that the kernel does not read.
  case none
  case int(Int)
  case float(Float)
  case float4(Float, Float, Float)
  case ints([Int32])

  func set(on kernel: cl_kernel, at index: cl_uint) -> cl_int {
    switch self {
    case .buffer(let memory):
      var pointer: cl_mem? = memory
      return clSetKernelArg(kernel, index, MemoryLayout<cl_mem>.size, &pointer)
    case .none:
      return clSetKernelArg(kernel, index, MemoryLayout<cl_mem>.size, nil)
    case .int(let value):
      var number = cl_int(value)
      return clSetKernelArg(kernel, index, MemoryLayout<cl_int>.size, &number)
    case .float(let value):
      var number = value
      return clSetKernelArg(kernel, index, MemoryLayout<Float>.size, &number)
    case .float4(let a, let b, let c):
      var four = SIMD4<Float>(a, b, c, 0)
      return clSetKernelArg(kernel, index, MemoryLayout<SIMD4<Float>>.size, &four)
    case .ints(let values):
      return values.withUnsafeBytes {
        clSetKernelArg(kernel, index, $0.count, $0.baseAddress)
      }
    }
  }
}
