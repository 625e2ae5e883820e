import Autograd
import BackendCPU
import Diagnostics
import Networks
import Optimizers
import Tensors
import TestSupport
import Testing

@Suite struct AnomalyDetectorTests {
  private struct Network {
    let architecture: Architecture
    let extractor: Sequential
    let head: Sequential

    init(_ architecture: Architecture, on backend: any Backend) {
      self.architecture = architecture
      extractor = architecture.makeExtractor(on: backend, seed: 1)
      head = architecture.makeHead(classes: 10, on: backend, seed: 1)
    }

    func step(on backend: any Backend) {
      let tape = Tape(on: backend)
      let context = ForwardContext(tape: tape, statistics: .batch(updateRunning: true))
      let images = Variable(
        backend.makeTensor([4, 16, 16, 3], (0..<4 * 16 * 16 * 3).map { Float($0 % 23) / 11 - 1 }))
      let logits = head(extractor(images, context), context)
      let labels = backend.makeLabels([0, 3, 6, 9])
      tape.backward(from: [tape.softmaxCrossEntropy(logits, labels, divisor: 4)])
      SGD().step(extractor.parameters + head.parameters, learningRate: 0.1, on: backend)
    }
  }

  /// All ops of all families pass through it, and none comes out with other bits.
  @Test(arguments: [
    Architecture(depth: 8, split: .stage2),
    Architecture(name: .wideResNet, depth: 10, width: 1, split: .stage2),
    Architecture(name: .mobileNetV2, width: 0.1, split: .block(11)),
  ])
  func itChangesNoBit(_ architecture: Architecture) throws {
    let plain = makeBackend()
    let detecting = AnomalyDetector(makeBackend())
    let (a, b) = (Network(architecture, on: plain), Network(architecture, on: detecting))
    for _ in 0..<2 {
      a.step(on: plain)
      b.step(on: detecting)
    }
    try detecting.synchronize()
    for (x, y) in zip(
      a.extractor.parameters + a.head.parameters, b.extractor.parameters + b.head.parameters)
    {
      #expect(try plain.download(x.value) == detecting.download(y.value), "\(x.name)")
    }
  }

  /// A weight that is made infinite: the op that reads it is the one that is named.
  @Test(arguments: TestedBackend.available)
  func theOpThatDidItIsNamed(_ tested: TestedBackend) throws {
    let backend = AnomalyDetector(try tested.make())
    let network = Network(Architecture(depth: 8, split: .stage2), on: backend)
    let parameters = network.extractor.parameters
    for parameter in parameters { backend.name(parameter.value, parameter.name) }
    let bad = try #require(parameters.first { $0.name == "layer2.0.conv2.weight" })
    var values = try backend.download(bad.value)
    values[5] = .infinity
    backend.upload(values, to: bad.value)
    network.step(on: backend)
    let error = #expect(throws: AnomalyError.self) { try backend.synchronize() }
    #expect(error?.op == .convolutionForward)
    #expect(error?.parameter == "layer2.0.conv2.weight")
    #expect(error?.readsParameter == true && (error?.notFinite ?? 0) > 0)
    #expect(error?.description.contains("convolutionForward with layer2.0.conv2.weight") == true)
    // Told once; then ops run again.
    try backend.synchronize()
  }
}
