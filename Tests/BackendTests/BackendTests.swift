import BackendOpenCL
import Tensors
import TestSupport
import Testing

@Suite struct BackendTests {
  /// Four quarter turns, each of the turned image, give the image back.
  @Test(arguments: TestedBackend.available)
  func rotatingFourTimesGivesTheImageBack(_ tested: TestedBackend) throws {
    let backend = try tested.make()
    let size = 8
    let original = OpCase.bytes(count: 1, size: size)
    var bytes = original
    for turn in 1...4 {
      let store = backend.makeImageStore(bytes: bytes, count: 1, height: size, width: size)
      let y = backend.makeTensor([1, size, size, 3])
      // Mean 0 and deviation 1/255 give the bytes themselves.
      backend.gatherImages(
        store, transforms: [ImageTransform(index: 0, quarterTurns: 1)], mean: [0, 0, 0],
        std: [1 / 255, 1 / 255, 1 / 255], into: y)
      bytes = try backend.download(y).map { UInt8($0.rounded()) }
      #expect((bytes == original) == (turn == 4))
    }
  }

  @Test(arguments: TestedBackend.available)
  func uploadsDownloadsFillsAndCopies(_ tested: TestedBackend) throws {
    let backend = try tested.make()
    let shape: Shape = [3, 5]
    let numbers = values(shape, 1)
    let a = backend.makeTensor(shape, numbers)
    let b = backend.makeTensor(shape, filledWith: 7)
    #expect(try backend.download(a) == numbers)
    #expect(try backend.download(b) == [Float](repeating: 7, count: 15))
    backend.copy(a, to: b)
    #expect(try backend.download(b) == numbers)
    #expect(try backend.download(backend.makeTensor([0])) == [])
  }

  /// Reused memory: a thousand tensors that live one after the other take the room of one.
  @Test(.enabled(if: TestedBackend.hasOpenCL, "no OpenCL device"))
  func freedBuffersAreReused() throws {
    let backend = try OpenCLBackend(device: 0)
    for _ in 0..<1000 { backend.fill(backend.makeTensor([1000]), with: 1) }
    #expect(backend.memory.held <= 8192)
  }

  /// Equal results with and without a finish after each kernel.
  @Test(.enabled(if: TestedBackend.hasOpenCL, "no OpenCL device"))
  func finishingAfterEachKernelChangesNothing() throws {
    let device = try OpenCLBackend.devices()[0]
    func bits(finishes: Bool) throws -> [[UInt32]] {
      let context = CaseContext(
        try OpenCLBackend(device, finishesEachKernel: finishes))
      return try OpCase.all.prefix(12).flatMap { try $0.run(context) }
        .map { try context.backend.download($0).map(\.bitPattern) }
    }
    #expect(try bits(finishes: true) == bits(finishes: false))
  }

  @Test(.enabled(if: TestedBackend.hasOpenCL, "no OpenCL device"))
  func aDeviceThatIsNotThereIsNamed() throws {
    let error = #expect(throws: OpenCLError.self) { try OpenCLBackend(device: 99) }
    #expect("\(error!)".contains("CL_DEVICE_NOT_FOUND"))
    #expect("\(error!)".contains("opencl:99"))
  }

  /// An allocation that fails is thrown at the next read, with the bytes asked and held.
  @Test(.enabled(if: TestedBackend.hasOpenCL, "no OpenCL device"))
  func outOfMemoryIsThrownAtTheNextRead() throws {
    let backend = try OpenCLBackend(device: 0)
    let kept = backend.makeTensor([16], filledWith: 1)
    let tooLarge = backend.makeTensor([1 << 40])
    backend.fill(tooLarge, with: 0)
    let error = #expect(throws: OpenCLError.self) { try backend.synchronize() }
    #expect("\(error!)".contains("allocating"))
    #expect(try backend.download(kept) == [Float](repeating: 1, count: 16))
  }
}
