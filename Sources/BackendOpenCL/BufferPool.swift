import COpenCL
import Tensors

/// Device memory of one tensor.
final class OpenCLStorage: TensorStorage {
  let count: Int
  let memory: cl_mem?
  /// Where this is a filter: what has been made of it for the Winograd kernels.
  var transforms: [TransformedFilter] = []
  private let pool: BufferPool

  init(count: Int, memory: cl_mem?, pool: BufferPool) {
    self.count = count
    self.memory = memory
    self.pool = pool
  }

  deinit { pool.give(back: memory, bytes: count * MemoryLayout<Float>.stride) }
}

/// Keeps freed buffers by size and hands them out again.
///
/// The rule that makes this safe: the backend has one in-order queue, so whatever is enqueued on a
/// reused buffer runs after everything that was enqueued on it before. A buffer may therefore be
/// handed out while kernels that read it are still waiting.
final class BufferPool {
  private let context: cl_context
  private var free: [Int: [cl_mem]] = [:]
  /// Bytes of all buffers that exist, and of those that are handed out.
  private(set) var bytesHeld = 0
  private(set) var bytesInUse = 0
  private(set) var peakBytesHeld = 0

  init(context: cl_context) {
    self.context = context
    clRetainContext(context)
  }

  deinit {
    for buffer in free.values.joined() { clReleaseMemObject(buffer) }
    clReleaseContext(context)
  }

  /// A buffer of at least `bytes`; not initialised.
  func take(bytes: Int) throws -> cl_mem {
    let size = Self.sizeClass(bytes)
    bytesInUse += size
    if let buffer = free[size]?.popLast() { return buffer }
    var status: cl_int = 0
    let flags = cl_mem_flags(CL_MEM_READ_WRITE)
    if let buffer = clCreateBuffer(context, flags, size, nil, &status), status == CL_SUCCESS {
      bytesHeld += size
      peakBytesHeld = max(peakBytesHeld, bytesHeld)
      return buffer
    }
    bytesInUse -= size
    throw OpenCLError(
      status, doing: "allocating \(size) bytes",
      detail: "\(bytesHeld) bytes are held already; lower the batch or the width of the network")
  }

  func give(back buffer: cl_mem?, bytes: Int) {
    guard let buffer else { return }
    let size = Self.sizeClass(bytes)
    bytesInUse -= size
    free[size, default: []].append(buffer)
  }

  /// Sizes are rounded up to an eighth of their power of two, so that nearly equal ones share.
  static func sizeClass(_ bytes: Int) -> Int {
    let least = max(bytes, 256)
    let step = max(256, 1 << (Int.bitWidth - 1 - least.leadingZeroBitCount - 3))
    return (least + step - 1) / step * step
  }
}
