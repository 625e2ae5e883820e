import Autograd
import Networks
import Optimizers
import Tensors
import TestSupport
import Testing

/// Training steps whose blocks are made again in the backward pass, against those that keep all.
@Suite struct RecomputationTests {
  struct Outcome {
    /// Of every step.
    var losses: [Float] = []
    /// Of the last step.
    var gradients: [String: [UInt32]] = [:]
    /// Weights and running statistics at the end.
    var values: [String: [UInt32]] = [:]
    /// Of the images' own height, when most bytes are in use; nil where it is not counted.
    var activationBytes: Int?
  }

  static let networks = [
    Architecture(depth: 14, split: .stage2),
    Architecture(depth: 8, split: .stage1, shortcut: .projection),
    Architecture(name: .wideResNet, depth: 10, width: 2, split: .stage2),
    Architecture(name: .imageNetResNet, depth: 18, split: .stage2, resolution: .small),
    Architecture(name: .imageNetResNet, depth: 50, split: .stage(4), resolution: .standard),
    Architecture(name: .mobileNetV2, width: 0.5, split: .block(11)),
  ]

  /// One thread has the bits of two.
  static let backends = TestedBackend.available.filter { $0 != .cpuOneThread }

  /// Steps of SGD on two heads: the second one's loss has a share.
  static func train(
    _ architecture: Architecture, recomputes: Bool, steps: Int = 2, count: Int = 2, size: Int = 32,
    on backend: any Backend,
    prepare: (_ extractor: Sequential, _ head: Sequential) -> Void = { _, _ in }
  ) throws -> Outcome {
    let extractor = architecture.makeExtractor(on: backend, seed: 3)
    let heads = [4, 5].map { architecture.makeHead(classes: 4, on: backend, seed: $0) }
    prepare(extractor, heads[0])
    let parts = [("extractor", extractor), ("0", heads[0]), ("1", heads[1])]
    let all = parts.flatMap { part, layers in layers.parameters.map { ("\(part)/\($0.name)", $0) } }
    func bits(_ tensor: Tensor) throws -> [UInt32] {
      try backend.download(tensor).map(\.bitPattern)
    }
    let optimizer = SGD()
    var outcome = Outcome()
    for step in 0..<steps {
      let tape = Tape(on: backend)
      let context = ForwardContext(
        tape: tape, statistics: .batch(updateRunning: true), recomputesBlocks: recomputes)
      let images = Made.images(backend, count: count, size: size, stream: 100 + step)
      let features = extractor(Variable(images), context)
      let losses = heads.enumerated().map { index, head in
        tape.softmaxCrossEntropy(
          head(features, context),
          backend.makeLabels((0..<count).map { Int32(($0 + step) % 4) }),
          divisor: Float(count * (index + 1)))
      }
      tape.backward(from: losses)
      outcome.losses += try losses.map { try backend.download($0.value)[0] }
      if step == steps - 1 {
        for (name, parameter) in all {
          outcome.gradients[name] = try parameter.gradient.map(bits)
        }
      }
      optimizer.step(all.map(\.1), learningRate: 0.05, on: backend)
    }
    for (name, parameter) in all { outcome.values[name] = try bits(parameter.value) }
    for (part, layers) in parts {
      for buffer in layers.buffers {
        outcome.values["\(part)/\(buffer.name)"] = try bits(buffer.value)
      }
    }
    let shares = (backend as? any InstrumentedBackend)?.buffersAtPeak ?? []
    if !shares.isEmpty {
      outcome.activationBytes = shares.filter { $0.shape.hasPrefix("[\(count), \(size)") }
        .map(\.bytes).reduce(0, +)
    }
    return outcome
  }

  func expectEqual(_ found: Outcome, _ expected: Outcome) {
    #expect(found.losses.map(\.bitPattern) == expected.losses.map(\.bitPattern))
    #expect(expected.losses.allSatisfy { $0.isFinite })
    /// Names alone are told: values are millions.
    func differing(_ a: [String: [UInt32]], _ b: [String: [UInt32]]) -> [String] {
      Set(a.keys).union(b.keys).filter { a[$0] != b[$0] }.sorted()
    }
    #expect(differing(found.gradients, expected.gradients) == [])
    #expect(differing(found.values, expected.values) == [])
  }

  @Test(arguments: networks, backends)
  func allBitsAreThoseOfKeeping(_ architecture: Architecture, _ tested: TestedBackend) throws {
    let kept = try Self.train(architecture, recomputes: false, on: tested.make())
    let found = try Self.train(architecture, recomputes: true, on: tested.make())
    expectEqual(found, kept)
    #expect(kept.gradients.count == kept.values.keys.count { !$0.contains("running_") })
  }

  /// Frozen parts pass gradients on, or get none at all.
  @Test func frozenPartsToo() throws {
    let architecture = Architecture(depth: 14, split: .stage2)
    for freezes in [(true, false), (false, true)] {
      func train(_ recomputes: Bool) throws -> Outcome {
        try Self.train(architecture, recomputes: recomputes, on: makeBackend()) { extractor, head in
          for parameter in extractor.parameters { parameter.isFrozen = freezes.0 }
          for parameter in head.parameters { parameter.isFrozen = freezes.1 }
        }
      }
      let kept = try train(false)
      expectEqual(try train(true), kept)
      #expect(kept.gradients.keys.contains { $0.hasPrefix("extractor/") } != freezes.0)
    }
  }

  /// Constants that batch norm normalizes by; an observer is told once.
  @Test func byRunningStatisticsAndObserved() throws {
    let architecture = Architecture(depth: 8, split: .stage2)
    func gradients(
      _ recomputes: Bool, _ statistics: BatchNormStatistics
    ) throws -> (gradients: [[Float]], observed: [String]) {
      let backend = makeBackend()
      let extractor = architecture.makeExtractor(on: backend, seed: 3)
      let tape = Tape(on: backend)
      var observed: [String] = []
      let context = ForwardContext(
        tape: tape, statistics: statistics,
        observer: { norm, _, _, _ in observed.append(norm.gamma.name) },
        recomputesBlocks: recomputes)
      let features = extractor(
        Variable(Made.images(backend, count: 2, size: 16)), context)
      let logits = tape.globalAveragePool(features)
      tape.backward(from: [
        tape.softmaxCrossEntropy(logits, backend.makeLabels([0, 5]), divisor: 2)
      ])
      return (
        try extractor.parameters.map { try backend.download(try #require($0.gradient)) }, observed
      )
    }
    for statistics: BatchNormStatistics in [
      .running, .batch(updateRunning: false), .blended(sourceImages: 3),
    ] {
      let (kept, found) = (try gradients(false, statistics), try gradients(true, statistics))
      #expect(found.gradients == kept.gradients, "\(statistics)")
      #expect(found.observed == kept.observed)
      #expect(kept.observed.isEmpty == (statistics == .running))
    }
  }

  /// The backend's own count of what is in use at once.
  @Test(
    .enabled(if: TestedBackend.hasOpenCL, "no OpenCL device"),
    arguments: [TestedBackend.openCLVector, .openCLPortable])
  func lessIsInUseAtOnce(_ tested: TestedBackend) throws {
    let architecture = Architecture(depth: 38, split: .stage1)
    func activations(_ recomputes: Bool) throws -> Int {
      let outcome = try Self.train(
        architecture, recomputes: recomputes, steps: 1, count: 16, on: tested.make())
      return try #require(outcome.activationBytes)
    }
    // Of six blocks three tensors each, without it.
    let (kept, found) = (try activations(false), try activations(true))
    let one = 16 * 32 * 32 * 16 * 4
    #expect(kept >= 18 * one, "\(kept) bytes")
    #expect(found <= 15 * one, "\(found) bytes")
  }
}
