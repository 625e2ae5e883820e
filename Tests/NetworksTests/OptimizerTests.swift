import Autograd
import Foundation
import Networks
import Optimizers
import Tensors
import TestSupport
import Testing

/// Ten steps beside PyTorch's, in float64, from the same gradients
/// (`Tools/make-pytorch-fixtures.py`).
@Suite struct OptimizerTests {
  struct Fixture: Decodable {
    /// By step, of both parameters.
    let adamw: [[[Double]]]
    let nesterov: [[[Double]]]
  }

  static let fixture = Result<Fixture, any Error> {
    let url = try #require(
      Bundle.module.url(forResource: "optimizers", withExtension: "json", subdirectory: "Fixtures"))
    return try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: url))
  }

  private func tensor(_ count: Int, _ stream: Int, on backend: any Backend) -> Tensor {
    backend.makeTensor([count], Made.noise(count, stream: stream).map { Float($0) })
  }

  private func check(
    _ optimizer: any Optimizer, _ rate: Float, _ expected: [[[Double]]], on backend: any Backend
  ) throws {
    let parameters = [(5, 1), (3, 2)].map { count, stream in
      Parameter("\(stream)", tensor(count, stream, on: backend))
    }
    for (step, expected) in expected.enumerated() {
      let tape = Tape(on: backend)
      let parts = parameters.enumerated().filter { $0.offset == 0 || step % 2 == 1 }
      let losses = parts.map { index, parameter in
        let g = tensor(parameter.value.count, 10 + 2 * step + index, on: backend)
        return tape.custom(
          backend.makeTensor([1], filledWith: 0), of: [parameter.variable]
        ) { _ in [g] }
      }
      tape.backward(from: losses)
      optimizer.step(parameters, learningRate: rate, on: backend)
      for (parameter, expected) in zip(parameters, expected) {
        for (got, expected) in zip(try backend.download(parameter.value), expected) {
          #expect(
            abs(Double(got) - expected) <= 1e-6 * max(abs(expected), 0.1),
            "step \(step), parameter \(parameter.name): \(got), PyTorch has \(expected)")
        }
      }
    }
  }

  @Test(arguments: TestedBackend.available) func adamW(_ tested: TestedBackend) throws {
    try check(
      AdamW(beta1: 0.9, beta2: 0.98, epsilon: 1e-6, weightDecay: 0.1), 0.01,
      Self.fixture.get().adamw, on: tested.make())
  }

  @Test(arguments: TestedBackend.available) func sgdAfterNesterov(_ tested: TestedBackend) throws {
    try check(
      SGD(momentum: 0.9, weightDecay: 0.01, nesterov: true), 0.05, Self.fixture.get().nesterov,
      on: tested.make())
  }

  /// Batch norm's and biases are of one dimension.
  @Test func normsAndBiasesMayBeLeftOutOfDecay() throws {
    let backend = makeBackend()
    func afterAStep(_ shape: Shape, decays: Bool) throws -> Float {
      let parameter = Parameter("w", backend.makeTensor(shape, filledWith: 2))
      let tape = Tape(on: backend)
      let zero = backend.makeTensor(shape, filledWith: 0)
      let loss = tape.custom(
        backend.makeTensor([1], filledWith: 0), of: [parameter.variable]
      ) { _ in [zero] }
      tape.backward(from: [loss])
      SGD(weightDecay: 0.5, decaysNormsAndBiases: decays)
        .step([parameter], learningRate: 0.1, on: backend)
      return try backend.download(parameter.value)[0]
    }
    #expect(try afterAStep([4], decays: true) == afterAStep([2, 2], decays: true))
    #expect(try afterAStep([4], decays: false) == 2)
    #expect(try afterAStep([2, 2], decays: false) == afterAStep([2, 2], decays: true))
  }
}
