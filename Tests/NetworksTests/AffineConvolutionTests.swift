import Autograd
import Foundation
import Networks
import Tensors
import TestSupport
import Testing

/// The affine map at every position, with each activation, against loops in double.
@Suite struct AffineConvolutionTests {
  static let (n, h, w, c, k) = (3, 5, 7, 6, 4)

  @Test(arguments: TestedBackend.available, Activation.allCases)
  func valueAndGradientsAreThoseOfLoops(_ tested: TestedBackend, _ activation: Activation) throws {
    let backend = try tested.make()
    let (c, k, rows) = (Self.c, Self.k, Self.n * Self.h * Self.w)
    let layer = AffineConvolution(
      "affine", inputChannels: c, outputChannels: k, activation: activation, on: backend, seed: 1,
      stream: 0)
    // Some outputs above 6, some below 0.
    let (x, weight) = (Made.noise(rows * c, stream: 1), Made.noise(c * k, stream: 2).map { 4 * $0 })
    let (bias, dy) = (Made.noise(k, stream: 3).map { 1 + $0 }, Made.noise(rows * k, stream: 4))
    backend.upload(weight.map(Float.init), to: layer.weight.value)
    backend.upload(bias.map(Float.init), to: layer.bias.value)
    let input = Variable(
      backend.makeTensor([Self.n, Self.h, Self.w, c], x.map(Float.init)), needsGradient: true)
    let tape = Tape(on: backend)
    let y = layer(input, ForwardContext(tape: tape, statistics: .running))
    #expect(y.shape == [Self.n, Self.h, Self.w, k])
    let loss = tape.custom(backend.makeTensor([1], [0]), of: [y]) { _ in
      [backend.makeTensor(y.shape, dy.map(Float.init))]
    }
    let values = try backend.download(y.value)
    tape.backward(from: [loss])

    var (dx, dw, db) = (
      [Double](repeating: 0, count: rows * c), [Double](repeating: 0, count: c * k),
      [Double](repeating: 0, count: k)
    )
    let bounds = activation.bounds
    for row in 0..<rows {
      for output in 0..<k {
        var sum = bias[output]
        for channel in 0..<c { sum += x[row * c + channel] * weight[channel * k + output] }
        let expected = min(max(sum, Double(bounds.low)), Double(bounds.high))
        #expect(abs(Double(values[row * k + output]) - expected) < 1e-5)
        guard sum > Double(bounds.low), sum < Double(bounds.high) else { continue }
        let g = dy[row * k + output]
        db[output] += g
        for channel in 0..<c {
          dw[channel * k + output] += g * x[row * c + channel]
          dx[row * c + channel] += g * weight[channel * k + output]
        }
      }
    }
    func expectEqual(_ found: Tensor?, _ expected: [Double]) throws {
      let found = try backend.download(try #require(found))
      for (a, b) in zip(found, expected) { #expect(abs(Double(a) - b) < 1e-4) }
    }
    try expectEqual(input.gradient, dx)
    try expectEqual(layer.weight.gradient, dw)
    try expectEqual(layer.bias.gradient, db)
  }

  @Test func architecturesHaveOne() throws {
    var architecture = Architecture(depth: 8, split: .stage2)
    architecture.affineAdapter = .init(channels: 48, activation: .none)
    try architecture.validate()
    #expect(architecture.cut.channels == 48 && architecture.cutActivation == .none)
    let again = try JSONDecoder().decode(
      Architecture.self, from: JSONEncoder().encode(architecture))
    #expect(again == architecture)
    let layers = architecture.makeExtractor(on: makeBackend(), seed: 1)
    #expect(layers.parameters.suffix(2).map(\.name) == ["affine.weight", "affine.bias"])
    // What follows the cut adds channels by zeros and can take none away; an extractor has nothing
    // behind it.
    architecture.affineAdapter = .init(channels: 128, activation: .relu)
    try architecture.validateExtractor()
    #expect(throws: ArchitectureError.self) { try architecture.validate() }
    architecture.affineAdapter = .init(channels: 5000, activation: .relu)
    let error = #expect(throws: ArchitectureError.self) { try architecture.validateExtractor() }
    #expect(error?.key == "affine-adapter")
  }
}
