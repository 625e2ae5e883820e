import COpenCL

/// One in-order queue: uploads, downloads, copies, kernels.
final class CommandQueue {
  let handle: cl_command_queue
  private let context: cl_context
  private(set) var launches = 0
  /// Where kernels are timed: their events, by name, not yet read.
  private let profiles: Bool
  private var timed: [(name: String, event: cl_event)] = []
  /// Names of the kernels launched since `startNaming()`; nil where nobody asked.
  private var names: [String]?
  /// Where commands are written down instead of enqueued.
  private let recording: StepRecording?
  /// Gives memory back to the device where a command found none; tells whether there was any.
  var makeRoom: () throws -> Bool = { false }
  /// What to say of memory where even that did not help.
  var memoryInUse: () -> String = { "" }
  var isRecording: Bool { recording != nil }
  /// Host copies of uploads that the device may not have read yet, oldest first.
  private var inFlight: [(event: cl_event, bytes: UnsafeMutableRawPointer)] = []

  init(
    context: cl_context, device: cl_device_id, profiles: Bool = false,
    recording: StepRecording? = nil
  ) throws {
    var status: cl_int = 0
    let properties = profiles ? cl_command_queue_properties(CL_QUEUE_PROFILING_ENABLE) : 0
    let queue = clCreateCommandQueue(context, device, properties, &status)
    try check(status, "creating a command queue")
    handle = queue!
    (self.profiles, self.recording) = (profiles, recording)
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
    let size = values.count * MemoryLayout<Value>.stride
    if let recording { return recording.add(.write(size)) }
    releaseFinishedUploads()
    let copy = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 64)
    values.withUnsafeBytes { copy.copyMemory(from: $0.baseAddress!, byteCount: size) }
    var event: cl_event?
    do {
      try enqueue("uploading \(size) bytes") {
        clEnqueueWriteBuffer(handle, buffer, cl_bool(CL_FALSE), 0, size, copy, 0, nil, &event)
      }
    } catch {
      copy.deallocate()
      throw error
    }
    if let event { inFlight.append((event, copy)) }
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
    if let recording { return recording.add(.read(size)) }
    try enqueue("downloading \(size) bytes") {
      clEnqueueReadBuffer(handle, buffer, cl_bool(CL_TRUE), 0, size, &values, 0, nil, nil)
    }
  }

  func copy(_ source: cl_mem, to destination: cl_mem, bytes: Int) throws {
    if bytes == 0 { return }
    if let recording { return recording.add(.copy(bytes)) }
    try enqueue("copying \(bytes) bytes") {
      clEnqueueCopyBuffer(handle, source, destination, 0, 0, bytes, 0, nil, nil)
    }
  }

  /// Enqueues `kernel` over `global` work-items, in groups of `local` where given.
  func launch(
    _ kernel: Kernel, _ arguments: [KernelArgument], global: [Int], local: [Int]? = nil
  ) throws {
    if global.contains(0) { return }
    if let recording {
      recording.addLaunch(kernel, arguments, global: global, local: local)
    } else {
      for (index, argument) in arguments.enumerated() {
        try check(
          argument.set(on: kernel.handle!, at: cl_uint(index)),
          "setting argument \(index) of \(kernel.name)")
      }
      var event: cl_event?
      try enqueue("launching \(kernel.name) over \(global)") {
        withUnsafeMutablePointer(to: &event) {
          clEnqueueNDRangeKernel(
            handle, kernel.handle!, cl_uint(global.count), nil, global, local, 0, nil,
            profiles ? $0 : nil)
        }
      }
      if let event { timed.append((kernel.name, event)) }
    }
    launches += 1
    names?.append(kernel.name)
  }

  /// Enqueues a command, a second time where the first found no memory and some could be given back:
  /// a driver may make a buffer's memory only when a command first uses it (NVIDIA's does).
  func enqueue(_ doing: @autoclosure () -> String, _ command: () -> cl_int) throws {
    var status = command()
    if Self.isOutOfMemory(status), try makeRoom() { status = command() }
    if Self.isOutOfMemory(status) {
      throw OpenCLError(status, doing: doing(), detail: memoryInUse(), advice: .lessMemory)
    }
    try check(status, doing())
  }

  private static func isOutOfMemory(_ status: cl_int) -> Bool {
    status == CL_MEM_OBJECT_ALLOCATION_FAILURE || status == CL_OUT_OF_RESOURCES
  }

  /// Has the driver start what is enqueued: some hold commands back until somebody waits.
  func flush() throws {
    if recording != nil { return }
    try check(clFlush(handle), "handing commands to the device")
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

  func startNaming() { names = [] }

  func takeNames() -> [String] {
    defer { names = nil }
    return names ?? []
  }

  func finish() throws {
    if let recording { return recording.add(.finish) }
    try check(clFinish(handle), "waiting for the device")
    releaseFinishedUploads()
  }
}
