import BackendOpenCL
import Tensors
import TestSupport
import Testing

/// What the OpenCL backend does where there is not enough memory.
@Suite(.enabled(if: TestedBackend.hasOpenCL, "no OpenCL device"))
struct MemoryTests {
  private func backend(bytes: Int) throws -> OpenCLBackend {
    try OpenCLBackend(try OpenCLBackend.devices()[0], memoryLimit: bytes)
  }

  @Test func whatIsAskedAndInUseIsSaid() throws {
    let backend = try backend(bytes: 1 << 20)
    let held = backend.makeTensor([1 << 17], filledWith: 1)
    let tooMuch = backend.makeTensor([1 << 18], filledWith: 2)
    let error = #expect(throws: OpenCLError.self) { try backend.download(tooMuch) }
    for fragment in [
      "allocating 1048576 bytes", "524288 bytes are in use", "the device has 1048576",
      "lower the batch size",
    ] {
      #expect(error?.description.contains(fragment) == true, "\(error.map(\.description) ?? "")")
    }
    // The error has been told; what is there still is.
    #expect(try backend.download(held) == [Float](repeating: 1, count: 1 << 17))
  }

  @Test func whatHeldThePeakIsListed() throws {
    let backend = try backend(bytes: 1 << 22)
    func peak() {
      let tensors = [backend.makeTensor([4, 1 << 10]), backend.makeTensor([4, 1 << 10])]
      withExtendedLifetime(tensors) {}
    }
    let kept = backend.makeTensor([1 << 11])
    peak()
    // Less in all, and so no new peak.
    _ = backend.makeTensor([4, 1 << 10])
    withExtendedLifetime(kept) {}
    let shares = backend.buffersAtPeak
    #expect(shares.map(\.shape) == ["[4, 1024]", "[2048]"])
    #expect(shares.map(\.count) == [2, 1])
    #expect(shares.map(\.bytes) == [1 << 15, 1 << 13])
  }

  /// Buffers that are kept for reuse are given up before an allocation fails.
  @Test func freeBuffersOfOtherSizesMakeRoom() throws {
    let backend = try backend(bytes: 1 << 20)
    for count in [1 << 15, 1 << 16, 1 << 17] {
      _ = backend.makeTensor([count], filledWith: 3)
    }
    let large = backend.makeTensor([1 << 18], filledWith: 4)
    #expect(try backend.download(large) == [Float](repeating: 4, count: 1 << 18))
    #expect(backend.memory.held == 1 << 20)
  }

  /// A network's first layers leave what its later ones, of smaller images, can take.
  @Test func aFreeBufferServesHalfItsSize() throws {
    let backend = try backend(bytes: 1 << 30)
    let mebibyte = 1 << 18
    _ = backend.makeTensor([64 * mebibyte])
    do {
      let half = backend.makeTensor([32 * mebibyte], filledWith: 5)
      #expect(backend.memory.held == 64 << 20)
      // The only one is taken.
      let quarter = backend.makeTensor([16 * mebibyte], filledWith: 6)
      #expect(backend.memory.held == 80 << 20)
      #expect(try backend.download(half).allSatisfy { $0 == 5 })
      withExtendedLifetime(quarter) {}
    }
    // Free again as what it is.
    let whole = backend.makeTensor([64 * mebibyte])
    #expect(backend.memory.held == 80 << 20)
    // What is small gets what it asks for.
    _ = backend.makeTensor([8 * mebibyte])
    #expect(backend.memory.held == 88 << 20)
    withExtendedLifetime(whole) {}
  }
}
