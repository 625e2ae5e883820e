import Autograd
import Foundation
import Networks
import Optimizers
import Tensors
import TestSupport
import Testing

/// A whole ResNet-8 against PyTorch (float64; `Tools/make-pytorch-fixtures.py`). PyTorch's own
/// float32 differs from the fixture by 5e-6 of a gradient's root mean square, and by 1e-5 of the
/// loss after ten steps.
@Suite struct PyTorchTests {
  struct Fixture: Decodable {
    struct Summary: Decodable {
      let shape: [Int]
      let norm: Double
      let projection: Double
      let first: [Double]
    }
    let batch: Int, size: Int, classes: Int
    let learningRate: Float, momentum: Float, weightDecay: Float
    let losses: [Double]
    let logits: [Double]
    let gradients: [String: Summary]
    let running: [String: Summary]
  }

  static func fixture() throws -> Fixture {
    let url = try #require(
      Bundle.module.url(forResource: "resnet8", withExtension: "json", subdirectory: "Fixtures"))
    return try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: url))
  }

  struct Step {
    let loss: Float
    let logits: [Float]
    let gradients: [String: [Float]]
    let running: [String: [Float]]
  }

  /// One training step after the other on the same batch.
  static func train(_ fixture: Fixture, steps: Int, on backend: any Backend) throws -> [Step] {
    let architecture = Architecture(depth: 8, split: .stage2)
    let extractor = architecture.makeExtractor(on: backend, seed: 0)
    let head = architecture.makeHead(classes: fixture.classes, on: backend, seed: 0)
    let parameters = extractor.parameters + head.parameters
    Made.fill(parameters, on: backend)
    let images = Variable(Made.images(backend, count: fixture.batch, size: fixture.size))
    let labels = backend.makeLabels((0..<fixture.batch).map { Int32($0 * 3 % fixture.classes) })
    let optimizer = SGD(momentum: fixture.momentum, weightDecay: fixture.weightDecay)

    return try (0..<steps).map { _ in
      let tape = Tape(on: backend)
      let context = ForwardContext(tape: tape, statistics: .batch(updateRunning: true))
      let logits = head(extractor(images, context), context)
      let loss = tape.softmaxCrossEntropy(logits, labels, divisor: Float(fixture.batch))
      tape.backward(from: [loss])
      var gradients: [String: [Float]] = [:]
      for parameter in parameters {
        gradients[parameter.name] = try backend.download(try #require(parameter.gradient))
      }
      var running: [String: [Float]] = [:]
      for buffer in extractor.buffers + head.buffers {
        running[buffer.name] = try backend.download(buffer.value)
      }
      optimizer.step(parameters, learningRate: fixture.learningRate, on: backend)
      return Step(
        loss: try backend.download(loss.value)[0], logits: try backend.download(logits.value),
        gradients: gradients, running: running)
    }
  }

  /// Whether `got` is the tensor that `expected` summarizes, within `tolerance` of its root mean
  /// square: its first values one by one, all of it by norm and by one random projection (whose
  /// own deviation is √(1/3) of the norm).
  static func check(
    _ got: [Float], _ expected: Fixture.Summary, stream: Int, tolerance: Double, _ name: String
  ) {
    let values = got.map { Double($0) }
    #expect(values.count == expected.shape.reduce(1, *), "\(name)")
    let rootMeanSquare = expected.norm / Double(values.count).squareRoot()
    let norm = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    #expect(abs(norm - expected.norm) <= tolerance * expected.norm, "norm of \(name)")
    let projection = zip(values, Made.noise(values.count, stream: stream))
      .reduce(0) { $0 + $1.0 * $1.1 }
    #expect(
      abs(projection - expected.projection) <= tolerance * expected.norm, "all of \(name)")
    for (i, (a, b)) in zip(values, expected.first).enumerated() {
      #expect(abs(a - b) <= tolerance * rootMeanSquare, "\(name), value \(i)")
    }
  }

  @Test(arguments: TestedBackend.available)
  func oneStep(_ tested: TestedBackend) throws {
    let fixture = try Self.fixture()
    let step = try Self.train(fixture, steps: 1, on: tested.make())[0]
    #expect(abs(Double(step.loss) - fixture.losses[0]) <= 1e-5 * fixture.losses[0])
    let largest = fixture.logits.map(abs).max()!
    #expect(zip(step.logits, fixture.logits).allSatisfy { abs(Double($0) - $1) <= 1e-5 * largest })
    #expect(Set(step.gradients.keys) == Set(fixture.gradients.keys))
    #expect(Set(step.running.keys) == Set(fixture.running.keys))
    let names = Self.namesInOrder
    for (i, name) in names.enumerated() {
      Self.check(
        step.gradients[name]!, fixture.gradients[name]!, stream: 200 + i, tolerance: 1e-4, name)
    }
    for (name, expected) in fixture.running {
      // A mean is small beside the values that it is the mean of; its error goes with them.
      Self.check(
        step.running[name]!, expected, stream: 300,
        tolerance: name.hasSuffix("running_mean") ? 1e-4 : 1e-5, name)
    }
  }

  /// The order in which the fixture numbers the parameters: PyTorch's, which is ours.
  static let namesInOrder =
    ["conv1.weight", "bn1.weight", "bn1.bias"]
    + (1...3).flatMap { stage in
      ["conv1.weight", "bn1.weight", "bn1.bias", "conv2.weight", "bn2.weight", "bn2.bias"]
        .map { "layer\(stage).0.\($0)" }
    } + ["linear.weight", "linear.bias"]

  @Test(arguments: TestedBackend.available)
  func tenSteps(_ tested: TestedBackend) throws {
    let fixture = try Self.fixture()
    let losses = try Self.train(fixture, steps: 10, on: tested.make()).map { Double($0.loss) }
    for (step, (got, expected)) in zip(losses, fixture.losses).enumerated() {
      // Rounding grows with the steps: 1e-5 at first, 1e-4 from the third on.
      let tolerance = step < 2 ? 1e-5 : 1e-4
      #expect(abs(got - expected) <= tolerance * expected, "step \(step)")
    }
  }
}
