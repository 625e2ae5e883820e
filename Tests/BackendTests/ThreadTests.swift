import BackendOpenCL
import Dispatch
import Synchronization
import Tensors
import TestSupport
import Testing

@Suite struct ThreadTests {
  /// Each thread lists the devices, makes a backend of its own and computes on it. In a process
  /// where nothing else has set up the driver yet this is where PoCL 3.1 would crash.
  @Test(.enabled(if: TestedBackend.hasOpenCL, "no OpenCL device"))
  func severalThreadsMakeBackendsAtOnce() {
    let sums = Mutex<[Float]>([])
    DispatchQueue.concurrentPerform(iterations: 8) { thread in
      guard let device = try? OpenCLBackend.devices().first,
        let backend = try? OpenCLBackend(device)
      else { return }
      let y = backend.makeTensor([8])
      backend.add(
        backend.makeTensor([8], filledWith: Float(thread)),
        backend.makeTensor([8], filledWith: 1), into: y)
      let values = (try? backend.download(y)) ?? []
      sums.withLock { $0.append(values.reduce(0, +)) }
    }
    #expect(sums.withLock { $0.sorted() } == (1...8).map { Float(8 * $0) })
  }
}
