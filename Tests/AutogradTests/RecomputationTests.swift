import Autograd
import Tensors
import TestSupport
import Testing

/// Ops of which nothing is kept but what goes in and what comes out.
@Suite struct RecomputationTests {
  typealias Watched = TapeTests.Watched

  /// What is watched of each run of a block's ops.
  final class Runs {
    var watched: [[Watched]] = []
    var again: [Bool] = []
  }

  /// conv → batch norm and ReLU → conv → batch norm with x joined: what a block is.
  struct Block {
    let filters: [Variable]
    let vectors: [Variable]

    init(on backend: any Backend) {
      filters = [11, 12].map { (stream: UInt32) in
        let w = Doubles(random: [3, 3, 3, 3], stream: stream)
        return Variable(backend.makeTensor(w.shape, w.floats), needsGradient: true)
      }
      vectors = [1, 0.1, 0.9, -0.1].map {
        Variable(backend.makeTensor([3], filledWith: $0), needsGradient: true)
      }
    }

    var parameters: [Variable] { filters + vectors }

    func ops(
      _ x: Variable, _ tape: Tape, joins: Bool = true, watching runs: Runs? = nil
    ) -> Variable {
      func norm(_ x: Variable, _ at: Int, residual: Variable?) -> Variable {
        let (mean, variance) = (tape.backend.makeTensor([3]), tape.backend.makeTensor([3]))
        tape.backend.batchNormStatistics(
          of: x.statisticsSource, mean: mean, variance: variance, running: nil)
        return tape.batchNorm(
          x, gamma: vectors[at], beta: vectors[at + 1], epsilon: 1e-5, mean: mean,
          variance: variance, ofBatch: true, residual: residual, activation: .relu)
      }
      let first = tape.convolution(x, filters[0], stride: 1, padding: 1, statistics: true)
      let hidden = norm(first, 0, residual: nil)
      let second = tape.convolution(hidden, filters[1], stride: 1, padding: 1, statistics: true)
      runs?.watched.append([first, second].map(Watched.init))
      return norm(second, 2, residual: joins ? x : nil)
    }
  }

  static func input(on backend: any Backend) -> Variable {
    let x = Doubles(random: [2, 6, 6, 3], stream: 3)
    return Variable(backend.makeTensor(x.shape, x.floats), needsGradient: true)
  }

  static func loss(_ x: Variable, on tape: Tape) -> Variable {
    tape.softmaxCrossEntropy(
      tape.globalAveragePool(x), tape.backend.makeLabels([0, 2]), divisor: 2)
  }

  /// Loss and all gradients of blocks one after the other.
  /// - Parameter joins: block by block, whether its input is joined; else its output is deferred.
  func gradients(
    recomputes: Bool, joins: [Bool], on backend: any Backend
  ) throws -> [[Float]] {
    let blocks = joins.map { _ in Block(on: backend) }
    let x = Self.input(on: backend)
    let tape = Tape(on: backend)
    var y = x
    for (block, joins) in zip(blocks, joins) {
      y =
        recomputes
        ? tape.recomputed(y) { x, tape, _ in block.ops(x, tape, joins: joins) }
        : block.ops(y, tape, joins: joins)
    }
    // Two users of the last output, as heads on features.
    let losses = [Self.loss(y, on: tape), Self.loss(blocks[0].ops(y, tape), on: tape)]
    tape.backward(from: losses)
    #expect(tape.count == 0)
    return try losses.map { try backend.download($0.value) }
      + ([x] + blocks.flatMap(\.parameters)).map {
        try backend.download(try #require($0.gradient))
      }
  }

  @Test(arguments: TestedBackend.available) func allBitsAreTheSame(_ tested: TestedBackend) throws {
    let backend = try tested.make()
    for joins in [[true, true], [false, true, false], [false, false]] {
      let expected = try gradients(recomputes: false, joins: joins, on: backend)
      #expect(try gradients(recomputes: true, joins: joins, on: backend) == expected)
    }
  }

  @Test func insidesAreNotKeptAndRunTwice() throws {
    let backend = makeBackend()
    let (block, runs, x) = (Block(on: backend), Runs(), Self.input(on: backend))
    let tape = Tape(on: backend)
    weak var output: Variable?
    let loss = {
      let y = tape.recomputed(x) { x, tape, isAgain in
        runs.again.append(isAgain)
        return block.ops(x, tape, watching: runs)
      }
      output = y
      return Self.loss(y, on: tape)
    }()
    // Those of the recomputed ops, pooling and loss.
    #expect(tape.count == 3)
    #expect(runs.again == [false] && output != nil)
    #expect(runs.watched[0].allSatisfy { $0.variable == nil && $0.storage == nil })
    tape.backward(from: [loss])
    #expect(runs.again == [false, true])
    #expect(runs.watched[1].allSatisfy { $0.variable == nil && $0.storage == nil })
    #expect(output == nil && tape.count == 0)
  }

  @Test func whatNoLossDependsOnIsNotRunAgain() {
    let backend = makeBackend()
    let (block, runs, x) = (Block(on: backend), Runs(), Self.input(on: backend))
    let tape = Tape(on: backend)
    let unused = tape.recomputed(x) { x, tape, _ in block.ops(x, tape, watching: runs) }
    tape.backward(from: [Self.loss(x, on: tape)])
    #expect(runs.watched.count == 1 && tape.count == 0)
    #expect(block.parameters.allSatisfy { $0.gradient == nil } && x.gradient != nil)
    withExtendedLifetime(unused) {}
  }

  @Test func withinOneAnotherTheOuterOneCounts() {
    let backend = makeBackend()
    let (block, runs, x) = (Block(on: backend), Runs(), Self.input(on: backend))
    let tape = Tape(on: backend)
    let y = tape.recomputed(x) { x, tape, _ in
      tape.recomputed(x) { x, tape, isAgain in
        runs.again.append(isAgain)
        return block.ops(x, tape)
      }
    }
    tape.backward(from: [Self.loss(y, on: tape)])
    #expect(runs.again == [false, true])
    #expect(block.parameters.allSatisfy { $0.gradient != nil })
  }

  @Test func whereNothingIsRecordedOpsRunOnce() throws {
    let backend = makeBackend()
    let (block, runs, x) = (Block(on: backend), Runs(), Self.input(on: backend))
    func ops(_ tape: Tape, _ x: Variable) -> Variable {
      tape.recomputed(x) { x, tape, _ in block.ops(x, tape, watching: runs) }
    }
    let evaluated = ops(Tape(on: backend, recording: false), x)
    #expect(!evaluated.needsGradient)
    // Frozen ops on a constant.
    let tape = Tape(on: backend)
    let frozen = tape.recomputed(Variable(x.value)) { x, tape, _ in tape.relu(tape.add(x, x)) }
    #expect(!frozen.needsGradient && tape.count == 0 && runs.watched.count == 1)
    #expect(
      try backend.download(evaluated.value)
        == backend.download(ops(Tape(on: backend), x).value))
  }

  @Test func aTapeThatIsDroppedReleasesAll() {
    let backend = makeBackend()
    let block = Block(on: backend)
    weak var x: Variable?
    weak var output: Variable?
    do {
      let input = Self.input(on: backend)
      let tape = Tape(on: backend)
      let y = tape.recomputed(input) { x, tape, _ in block.ops(x, tape) }
      (x, output) = (input, y)
      _ = Self.loss(y, on: tape)
    }
    #expect(x == nil && output == nil)
  }
}
