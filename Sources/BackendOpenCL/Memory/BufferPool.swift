import COpenCL
import Tensors

/// Device memory of one tensor.
final class OpenCLStorage: TensorStorage {
  let count: Int
  let memory: cl_mem?
  /// Where this is a filter: what has been made of it for the Winograd kernels.
  var transforms: [TransformedFilter] = []
  /// How often it has been transformed since it changed last.
  var uses: [FilterOrientation: Int] = [:]
  private let shape: Shape
  private let buffer: BufferPool.Buffer?
  private let pool: BufferPool

  init(shape: Shape, _ buffer: BufferPool.Buffer?, pool: BufferPool) {
    count = shape.count
    self.shape = shape
    self.buffer = buffer
    memory = buffer?.memory
    self.pool = pool
  }

  deinit { pool.give(back: buffer, shape) }
}

/// Keeps freed buffers by size and hands them out again.
///
/// The rule that makes this safe: the backend has one in-order queue, so whatever is enqueued on a
/// reused buffer runs after everything that was enqueued on it before. A buffer may therefore be
/// handed out while kernels that read it are still waiting.
final class BufferPool {
  struct Buffer {
    let memory: cl_mem
    /// That it has, which may be more than were wanted.
    let bytes: Int
  }

  /// From so many bytes on a buffer of up to twice the size is taken before a new one is made. A
  /// network's images shrink on the way, and what its first layers have freed serves the later ones;
  /// smaller tensors may stay for good (an optimizer's), and would keep what they do not fill.
  private static let leastShared = 16 << 20

  private let context: cl_context
  /// Bytes that the device has in all.
  private let capacity: Int
  private var free: [Int: [cl_mem]] = [:]
  /// Bytes of all buffers that exist, and of those that are handed out.
  private(set) var bytesHeld = 0
  private(set) var bytesInUse = 0
  private(set) var peakBytesHeld = 0
  /// How many of each shape are handed out, and were when most bytes were.
  private var inUse: [Shape: Int] = [:]
  private var atPeak: (bytes: Int, inUse: [Shape: Int]) = (0, [:])

  private let recording: StepRecording?

  init(context: cl_context, capacity: Int, recording: StepRecording? = nil) {
    (self.context, self.capacity, self.recording) = (context, capacity, recording)
    clRetainContext(context)
  }

  deinit {
    for buffer in free.values.joined() { clReleaseMemObject(buffer) }
    clReleaseContext(context)
  }

  /// A buffer for the elements of `shape`; not initialized.
  /// - Parameter finish: waits for the device; called where free buffers of other sizes have to
  ///   make room.
  func take(_ shape: Shape, finish: () throws -> Void) throws -> Buffer {
    let size = Self.sizeClass(shape)
    var status: cl_int = 0
    var buffer = reuse(size) ?? allocate(size, &status)
    if buffer == nil, try makeRoom(finish: finish) { buffer = allocate(size, &status) }
    guard let buffer else {
      throw OpenCLError(
        status, doing: "allocating \(size) bytes of device memory", detail: inUseText,
        advice: .lessMemory)
    }
    recording?.holds(buffer.memory, bytes: shape.count * MemoryLayout<Float>.stride)
    bytesInUse += size
    inUse[shape, default: 0] += 1
    if bytesInUse > atPeak.bytes { atPeak = (bytesInUse, inUse) }
    return buffer
  }

  /// A free one of this size, or of the next larger one that may be shared.
  private func reuse(_ size: Int) -> Buffer? {
    if let memory = free[size]?.popLast() { return Buffer(memory: memory, bytes: size) }
    guard size >= Self.leastShared else { return nil }
    let larger = free.filter { size...2 * size ~= $0.key && !$0.value.isEmpty }.keys.min()
    guard let larger, let memory = free[larger]?.popLast() else { return nil }
    return Buffer(memory: memory, bytes: larger)
  }

  /// A new one, or nil where there is no room. More than the device has is not asked for: a driver
  /// for CPUs would promise it, and the system would end the process later.
  private func allocate(_ size: Int, _ status: inout cl_int) -> Buffer? {
    status = CL_MEM_OBJECT_ALLOCATION_FAILURE
    guard bytesHeld + size <= capacity else { return nil }
    let flags = cl_mem_flags(CL_MEM_READ_WRITE)
    guard let memory = clCreateBuffer(context, flags, size, nil, &status), status == CL_SUCCESS
    else { return nil }
    bytesHeld += size
    peakBytesHeld = max(peakBytesHeld, bytesHeld)
    return Buffer(memory: memory, bytes: size)
  }

  /// What was handed out when most bytes were, the largest share first.
  var sharesAtPeak: [BufferShare] {
    atPeak.inUse.filter { $0.value > 0 }
      .map { shape, count in
        BufferShare(
          shape: "\(shape)", count: count, bytes: count * Self.sizeClass(shape))
      }
      .sorted { ($0.bytes, $1.shape) > ($1.bytes, $0.shape) }
  }

  /// For errors.
  var inUseText: String { "\(bytesInUse) bytes are in use, the device has \(capacity)" }

  /// Gives the free buffers back to the device; false where there are none.
  func makeRoom(finish: () throws -> Void) throws -> Bool {
    if free.isEmpty { return false }
    try finish()
    releaseFree()
    return true
  }

  private func releaseFree() {
    for (size, buffers) in free {
      for buffer in buffers { clReleaseMemObject(buffer) }
      bytesHeld -= size * buffers.count
    }
    free = [:]
  }

  func give(back buffer: Buffer?, _ shape: Shape) {
    guard let buffer else { return }
    bytesInUse -= Self.sizeClass(shape)
    inUse[shape]! -= 1
    free[buffer.bytes, default: []].append(buffer.memory)
  }

  /// Sizes are rounded up to an eighth of their power of two, so that nearly equal ones share.
  private static func sizeClass(_ shape: Shape) -> Int {
    let least = max(shape.count * MemoryLayout<Float>.stride, 256)
    let step = max(256, 1 << (Int.bitWidth - 1 - least.leadingZeroBitCount - 3))
    return (least + step - 1) / step * step
  }
}
