import COpenCL
import Foundation
import Synchronization

/// Held while CLBlast is called: 1.5.3 does not take two calls at once in one process.
private let oneCall = Mutex(())

/// Matrix products through CLBlast, one call at a time.
///
/// CLBlast compiles its kernels at the first product, which takes seconds: `warmUp` has that done
/// by a thread of its own, beside whatever the caller has to compile.
final class MatrixProducts {
  private let context: cl_context
  private let device: cl_device_id
  private let queue: CommandQueue
  private let recording: StepRecording?
  private let announce: () -> Void
  private var warmingUp: DispatchGroup?
  private var isWarm = false

  init(
    context: cl_context, device: cl_device_id, queue: CommandQueue, recording: StepRecording?,
    announce: @escaping () -> Void
  ) {
    (self.context, self.device, self.queue, self.announce) = (context, device, queue, announce)
    self.recording = recording
    clRetainContext(context)
  }

  deinit {
    warmingUp?.wait()
    clReleaseContext(context)
  }

  /// Has CLBlast compile what it needs, in the background; the first product waits for that.
  func warmUp() {
    guard !isWarm, warmingUp == nil, recording == nil else { return }
    announce()
    let group = DispatchGroup()
    // As numbers, which may cross threads.
    let (context, device) = (UInt(bitPattern: context), UInt(bitPattern: device))
    DispatchQueue.global().async(group: group) {
      Self.multiplyOnce(cl_context(bitPattern: context)!, cl_device_id(bitPattern: device)!)
    }
    warmingUp = group
  }

  /// A small product on a queue of its own. What fails here fails again, and is reported, when the
  /// caller's own product does.
  private static func multiplyOnce(_ context: cl_context, _ device: cl_device_id) {
    var status: cl_int = 0
    let size = 16
    guard let own = clCreateCommandQueue(context, device, 0, &status) else { return }
    defer { clReleaseCommandQueue(own) }
    let bytes = size * size * MemoryLayout<Float>.stride
    guard
      let buffer = clCreateBuffer(context, cl_mem_flags(CL_MEM_READ_WRITE), 3 * bytes, nil, &status)
    else { return }
    defer { clReleaseMemObject(buffer) }
    var handle: cl_command_queue? = own
    oneCall.withLock { _ in
      _ = CLBlastSgemm(
        CLBlastLayoutRowMajor, CLBlastTransposeNo, CLBlastTransposeNo, size, size, size, 1, buffer,
        0, size, buffer, size * size, size, 0, buffer, 2 * size * size, size, &handle, nil)
    }
    clFinish(own)
  }

  /// c [m,n] := op(a) [m,k] · op(b) [k,n] + beta · c, row-major. With beta 0 CLBlast does not read
  /// c, so an uninitialized output is fine.
  func add(
    _ a: cl_mem, transposesA: Bool = false, _ b: cl_mem, transposesB: Bool = false, to c: cl_mem,
    m: Int, n: Int, k: Int, beta: Float
  ) throws {
    if m == 0 || n == 0 || k == 0 { return }
    if let recording { return recording.add(.product(m: m, n: n, k: k, beta: beta)) }
    warmUp()
    warmingUp?.wait()
    isWarm = true
    var handle: cl_command_queue? = queue.handle
    try queue.enqueue("CLBlast SGEMM of \(m)×\(k)·\(k)×\(n)") {
      let status = oneCall.withLock { _ in
        CLBlastSgemm(
          CLBlastLayoutRowMajor,
          transposesA ? CLBlastTransposeYes : CLBlastTransposeNo,
          transposesB ? CLBlastTransposeYes : CLBlastTransposeNo,
          m, n, k, 1, a, 0, transposesA ? m : k, b, 0, transposesB ? k : n, beta, c, 0, n,
          &handle, nil)
      }
      return cl_int(bitPattern: UInt32(truncatingIfNeeded: status.rawValue))
    }
  }
}
