import Autograd
import Foundation
import Networks
import Tensors
import TestSupport
import Testing

/// Loss, logits and gradients of whole networks against PyTorch (float64;
/// `Tools/make-pytorch-fixtures.py`, whose `--check` finds PyTorch's own float32 within 5e-5).
@Suite struct WholeNetworkTests {
  struct Fixture: Decodable {
    struct Gradient: Decodable {
      let name: String
      let shape: [Int]
      let norm: Double
      let projection: Double
      let first: [Double]
    }
    let batch: Int, size: Int, classes: Int
    /// Around which the biases lie.
    let beta: Double
    let loss: Double
    let logits: [Double]
    /// Of other images by running statistics, after two further passes in training mode.
    let evaluated: [Double]?
    let gradients: [Gradient]
  }

  /// One thread gives the bits of two (the op table says so): not run again.
  static let backends = TestedBackend.available.filter { $0 != .cpuOneThread }

  @Test(arguments: backends) func wideResNet28Width2(_ tested: TestedBackend) throws {
    try expectPyTorchs(
      "wide-resnet-28-2", Architecture(name: .wideResNet, depth: 28, width: 2), tested)
  }

  @Test(arguments: backends) func wideResNet56(_ tested: TestedBackend) throws {
    try expectPyTorchs("resnet-56-2", Architecture(depth: 56, width: 2), tested)
  }

  @Test(arguments: backends) func resNet20WithProjections(_ tested: TestedBackend) throws {
    try expectPyTorchs(
      "resnet-20-projection", Architecture(depth: 20, shortcut: .projection), tested)
  }

  @Test(arguments: backends) func mobileNetV2ForSmallImages(_ tested: TestedBackend) throws {
    try expectPyTorchs("mobilenet-v2", Architecture(name: .mobileNetV2), tested)
  }

  /// The other strides; their ops are no other ones.
  @Test func mobileNetV2AtItsOwnStrides() throws {
    try expectPyTorchs(
      "mobilenet-v2-standard", Architecture(name: .mobileNetV2, resolution: .standard), .cpu)
  }

  @Test(arguments: backends) func imageNetResNet18(_ tested: TestedBackend) throws {
    try expectPyTorchs(
      "imagenet-resnet-18", Architecture(name: .imageNetResNet, resolution: .standard), tested)
  }

  @Test(arguments: backends) func imageNetResNet18ForSmallImages(_ tested: TestedBackend) throws {
    try expectPyTorchs(
      "imagenet-resnet-18-small", Architecture(name: .imageNetResNet, resolution: .small), tested)
  }

  /// Bottlenecks.
  @Test(arguments: backends) func imageNetResNet50(_ tested: TestedBackend) throws {
    try expectPyTorchs(
      "imagenet-resnet-50",
      Architecture(name: .imageNetResNet, depth: 50, resolution: .standard), tested)
  }

  /// What `Tools/make-pytorch-fixtures.py --large` wrote: 224×224.
  static let large = ProcessInfo.processInfo.environment["DOVETAIL_PYTORCH_LARGE"]

  @Test(
    .enabled(if: large != nil, "DOVETAIL_PYTORCH_LARGE names no folder (Tools/test --nightly)"),
    arguments: [18, 34, 50, 101], backends)
  func imageNetResNetsAtTheirSize(_ depth: Int, _ tested: TestedBackend) throws {
    let folder = URL(fileURLWithPath: try #require(Self.large))
    try expectPyTorchs(
      folder.appendingPathComponent("imagenet-resnet-\(depth).json"),
      Architecture(name: .imageNetResNet, depth: depth, resolution: .standard), tested)
  }

  func expectPyTorchs(
    _ name: String, _ architecture: Architecture, _ tested: TestedBackend
  ) throws {
    let url = try #require(
      Bundle.module.url(forResource: name, withExtension: "json", subdirectory: "Fixtures"))
    try expectPyTorchs(url, architecture, tested)
  }

  func expectPyTorchs(
    _ url: URL, _ architecture: Architecture, _ tested: TestedBackend
  ) throws {
    let fixture = try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: url))
    let backend = try tested.make()
    let extractor = architecture.makeExtractor(on: backend, seed: 0)
    let head = architecture.makeHead(classes: fixture.classes, on: backend, seed: 0)
    let parameters = extractor.parameters + head.parameters
    try #require(parameters.map(\.name) == fixture.gradients.map(\.name))
    Made.fill(parameters, beta: fixture.beta, on: backend)

    let tape = Tape(on: backend)
    let context = ForwardContext(tape: tape, statistics: .batch(updateRunning: true))
    let images = Variable(Made.images(backend, count: fixture.batch, size: fixture.size))
    let labels = backend.makeLabels((0..<fixture.batch).map { Int32($0 * 3 % fixture.classes) })
    let logits = head(extractor(images, context), context)
    let loss = tape.softmaxCrossEntropy(logits, labels, divisor: Float(fixture.batch))
    let outputs = try backend.download(logits.value)
    tape.backward(from: [loss])

    let largest = fixture.logits.map(abs).max()!
    #expect(zip(outputs, fixture.logits).allSatisfy { abs(Double($0) - $1) <= 1e-4 * largest })
    let got = Double(try backend.download(loss.value)[0])
    #expect(abs(got - fixture.loss) <= 1e-5 * fixture.loss)
    // A bias before a 1×1 convolution and another norm has gradient 0 but for rounding: errors are
    // measured against a thousandth of the whole gradient at least.
    let all = fixture.gradients.reduce(0) { $0 + $1.norm * $1.norm }.squareRoot()
    for (i, (parameter, expected)) in zip(parameters, fixture.gradients).enumerated() {
      let values = try backend.download(try #require(parameter.gradient)).map { Double($0) }
      let error = Self.error(
        values, expected, stream: 200 + i, scale: max(expected.norm, 1e-3 * all))
      #expect(error <= 2e-4, "\(expected.name)")
    }
    guard let evaluated = fixture.evaluated else { return }
    func pass(_ stream: Int, _ statistics: BatchNormStatistics) throws -> [Float] {
      let context = ForwardContext(
        tape: Tape(on: backend, recording: false), statistics: statistics)
      let images = Made.images(
        backend, count: fixture.batch, size: fixture.size, stream: stream)
      return try backend.download(head(extractor(Variable(images), context), context).value)
    }
    for stream in [101, 102] { _ = try pass(stream, .batch(updateRunning: true)) }
    let scale = evaluated.map(abs).max()!
    let worst = zip(try pass(103, .running), evaluated).map { abs(Double($0) - $1) }.max()!
    #expect(worst <= 1e-4 * scale, "by running statistics: \(worst / scale)")
  }

  /// The largest difference from what stands for a tensor, in parts of `scale`: its norm, one
  /// random projection, its first values.
  static func error(
    _ values: [Double], _ expected: Fixture.Gradient, stream: Int, scale: Double
  ) -> Double {
    guard values.count == expected.shape.reduce(1, *) else { return .infinity }
    let norm = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    let projection = zip(values, Made.noise(values.count, stream: stream))
      .reduce(0) { $0 + $1.0 * $1.1 }
    let root = Double(values.count).squareRoot()
    let errors =
      [norm - expected.norm, projection - expected.projection]
      + zip(values, expected.first).map { ($0 - $1) * root }
    return errors.contains { !$0.isFinite } ? .infinity : errors.map(abs).max()! / scale
  }
}
