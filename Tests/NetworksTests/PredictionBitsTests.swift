import Autograd
import BackendCPU
import BackendOpenCL
import Networks
import Tensors
import TestSupport
import Testing

/// Evaluation by running statistics: normalization is applied as convolutions store, and an image's
/// bits are the same whatever stands beside it.
@Suite struct PredictionBitsTests {
  static let networks: [(Architecture, size: Int)] = [
    (Architecture(name: .imageNetResNet, depth: 18, width: nil, imageSize: 64), 56),
    (Architecture(name: .mobileNetV2, depth: 1, width: 0.5, imageSize: 128), 64),
    (Architecture(depth: 8, split: .stage2), 32),
    // Its first batch norm and its first shortcut have the same input.
    (Architecture(name: .wideResNet, depth: 10, width: 1, imageSize: 32), 32),
  ]

  private func logits(
    _ architecture: Architecture, _ size: Int, images: Int, on backend: any Backend,
    recording: Bool = false
  ) throws -> [Float] {
    let extractor = architecture.makeExtractor(on: backend, seed: 3)
    let head = architecture.makeHead(classes: 5, on: backend, seed: 4)
    for layers in [extractor, head] {
      for (index, buffer) in layers.buffers.enumerated() {
        let shape = buffer.value.shape
        // Means around 0, variances around 1.
        let made = values(shape, UInt32(40 + index))
        backend.upload(
          buffer.name.hasSuffix("var") ? made.map { 1 + abs($0) } : made.map { $0 * 0.1 },
          to: buffer.value)
      }
    }
    let all = values([9, size, size, 3], 1)
    let x = backend.makeTensor(
      [images, size, size, 3], Array(all.prefix(images * size * size * 3)))
    let context = ForwardContext(
      tape: Tape(on: backend, recording: recording), statistics: .running)
    return try backend.download(head(extractor(Variable(x), context), context).value)
  }

  @Test(arguments: TestedBackend.available.filter { [.cpu, .openCLVector].contains($0) })
  func anImagesBitsAreItsOwn(_ tested: TestedBackend) throws {
    let backend = try tested.make()
    #expect(backend.treatsImagesAlike)
    for (architecture, size) in Self.networks {
      let many = try logits(architecture, size, images: 9, on: backend)
      #expect(Set(many).count > 20)
      for count in [1, 2, 5] {
        let few = try logits(architecture, size, images: count, on: backend)
        #expect(few == Array(many.prefix(count * 5)), "\(architecture), \(count) images")
      }
    }
  }

  /// As a tape that is recording has it, where each step stands by itself.
  @Test(arguments: TestedBackend.available)
  func theOnePassGivesWhatTheStepsGive(_ tested: TestedBackend) throws {
    let backend = try tested.make()
    for (architecture, size) in Self.networks {
      let passes = try logits(architecture, size, images: 2, on: backend)
      let steps = try logits(architecture, size, images: 2, on: backend, recording: true)
      #expect(passes == steps, "\(architecture)")
    }
  }
}
