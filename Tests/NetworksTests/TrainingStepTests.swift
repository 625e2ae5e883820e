import Autograd
import Networks
import Optimizers
import Tensors
import TestSupport
import Testing

/// Which parameters a step changes, and which it leaves alone, bit for bit.
@Suite struct TrainingStepTests {
  struct Network {
    let extractor: Sequential
    let head: Sequential
    var parameters: [Parameter] { extractor.parameters + head.parameters }

    init(on backend: any Backend, seed: UInt64) {
      let architecture = Architecture(depth: 8, split: .stage2)
      extractor = architecture.makeExtractor(on: backend, seed: seed)
      head = architecture.makeHead(classes: 10, on: backend, seed: seed)
    }
  }

  /// Values, momenta and running statistics.
  static func state(
    _ layer: Sequential, _ optimizer: SGD, _ backend: any Backend
  ) throws -> [[Float]] {
    try layer.parameters.flatMap { [$0.value, momentum($0, optimizer, backend)] }
      .map(backend.download)
      + layer.buffers.map { try backend.download($0.value) }
  }

  static func momentum(_ parameter: Parameter, _ optimizer: SGD, _ backend: any Backend) -> Tensor {
    optimizer.states.state(of: parameter, optimizer.rule, on: backend).tensors[0]
  }

  static func step(
    _ extractor: Sequential, _ head: Sequential, updating parameters: [Parameter],
    by optimizer: SGD = SGD(), on backend: any Backend
  ) throws {
    let tape = Tape(on: backend)
    let context = ForwardContext(tape: tape, statistics: .batch(updateRunning: true))
    let images = Variable(Made.images(backend, count: 4, size: 16))
    let logits = head(extractor(images, context), context)
    let labels = backend.makeLabels([0, 3, 6, 9])
    tape.backward(from: [tape.softmaxCrossEntropy(logits, labels, divisor: 4)])
    #expect(tape.count == 0)
    optimizer.step(parameters, learningRate: 0.1, on: backend)
    #expect(parameters.allSatisfy { $0.gradient == nil })
  }

  @Test func everyParameterThatTookPartChanges() throws {
    let backend = makeBackend()
    let network = Network(on: backend, seed: 1)
    let before = try network.parameters.snapshot(on: backend)
    try Self.step(network.extractor, network.head, updating: network.parameters, on: backend)
    let after = try network.parameters.snapshot(on: backend)
    for name in before.keys { #expect(before[name] != after[name], "\(name)") }
  }

  /// Also on the second step, when its momentum would move it on.
  @Test func whatTookNoPartKeepsValueAndMomentum() throws {
    let backend = makeBackend()
    let (a, b) = (Network(on: backend, seed: 1), Network(on: backend, seed: 2))
    let all = a.parameters + b.parameters
    let optimizer = SGD()
    func stateOfB() throws -> [[Float]] {
      try Self.state(b.extractor, optimizer, backend) + Self.state(b.head, optimizer, backend)
    }
    try Self.step(b.extractor, b.head, updating: all, by: optimizer, on: backend)
    let before = try stateOfB()
    let momentum = Self.momentum(b.head.parameters[0], optimizer, backend)
    #expect(try backend.download(momentum).contains { $0 != 0 })
    for _ in 0..<2 {
      try Self.step(a.extractor, a.head, updating: all, by: optimizer, on: backend)
    }
    #expect(try stateOfB() == before)
  }

  @Test func aFrozenHeadKeepsItsStateAndPassesTheSameGradient() throws {
    let backend = makeBackend()
    func extractorAfterAStep(frozen: Bool) throws -> [[Float]] {
      let network = Network(on: backend, seed: 1)
      for parameter in network.head.parameters { parameter.isFrozen = frozen }
      let optimizer = SGD()
      let before = try Self.state(network.head, optimizer, backend)
      try Self.step(
        network.extractor, network.head, updating: network.parameters, by: optimizer, on: backend)
      #expect(try (Self.state(network.head, optimizer, backend) == before) == frozen)
      return try Self.state(network.extractor, optimizer, backend)
    }
    #expect(try extractorAfterAStep(frozen: true) == extractorAfterAStep(frozen: false))
  }

  @Test func aThawedParameterMovesAgain() throws {
    let backend = makeBackend()
    let network = Network(on: backend, seed: 1)
    for parameter in network.parameters { parameter.isFrozen = true }
    let start = try network.parameters.snapshot(on: backend)
    try Self.step(network.extractor, network.head, updating: network.parameters, on: backend)
    #expect(try network.parameters.snapshot(on: backend) == start)
    for parameter in network.parameters { parameter.isFrozen = false }
    try Self.step(network.extractor, network.head, updating: network.parameters, on: backend)
    let end = try network.parameters.snapshot(on: backend)
    for name in start.keys { #expect(start[name] != end[name], "\(name)") }
  }

  /// A shared head stands in the list of each task.
  @Test func aParameterListedTwiceIsUpdatedOnce() throws {
    let backend = makeBackend()
    let (a, b) = (Network(on: backend, seed: 1), Network(on: backend, seed: 1))
    try Self.step(a.extractor, a.head, updating: a.parameters, on: backend)
    try Self.step(b.extractor, b.head, updating: b.parameters + b.parameters, on: backend)
    #expect(try a.parameters.snapshot(on: backend) == b.parameters.snapshot(on: backend))
  }

  @Test func sgdFollowsItsFormula() throws {
    let backend = makeBackend()
    let parameter = Parameter("w", backend.makeTensor([1], filledWith: 2))
    let optimizer = SGD(momentum: 0.9, weightDecay: 0.01)
    var (w, v) = (2.0, 0.0)
    for _ in 0..<3 {
      let tape = Tape(on: backend)
      tape.backward(from: [tape.add(parameter.variable, parameter.variable)])
      optimizer.step([parameter], learningRate: 0.1, on: backend)
      v = 0.9 * v + 2 + 0.01 * w
      w -= 0.1 * v
      #expect(abs(Double(try backend.download(parameter.value)[0]) - w) <= 1e-6)
      #expect(
        abs(Double(try backend.download(Self.momentum(parameter, optimizer, backend))[0]) - v)
          <= 1e-6)
    }
  }

  /// Two runs of one seed, bit for bit.
  @Test func trainingIsDeterministic() throws {
    let backend = makeBackend()
    func run() throws -> [[Float]] {
      let network = Network(on: backend, seed: 1)
      let optimizer = SGD()
      for _ in 0..<3 {
        try Self.step(
          network.extractor, network.head, updating: network.parameters, by: optimizer,
          on: backend)
      }
      return try Self.state(network.extractor, optimizer, backend)
        + Self.state(network.head, optimizer, backend)
    }
    #expect(try run() == run())
  }

  /// What a layer hands to the next is released by the backward pass, in a whole network too.
  @Test func noActivationOutlivesBackward() throws {
    final class Watched {
      weak var storage: (any TensorStorage)?
      init(_ variable: Variable) { storage = variable.value.storage }
    }
    let backend = makeBackend()
    let network = Network(on: backend, seed: 1)
    let tape = Tape(on: backend)
    let context = ForwardContext(tape: tape, statistics: .batch(updateRunning: true))
    var watched: [Watched] = []
    let loss = {
      var x = Variable(Made.images(backend, count: 4, size: 16))
      for layer in network.extractor.layers + network.head.layers {
        x = layer(x, context)
        watched.append(Watched(x))
      }
      return tape.softmaxCrossEntropy(x, backend.makeLabels([0, 3, 6, 9]), divisor: 4)
    }()
    #expect(watched.allSatisfy { $0.storage != nil })
    tape.backward(from: [loss])
    #expect(watched.allSatisfy { $0.storage == nil })
    #expect(network.parameters.allSatisfy { $0.gradient != nil })
  }
}
