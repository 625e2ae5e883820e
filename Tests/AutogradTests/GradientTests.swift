import Autograd
import Tensors
import TestSupport
import Testing

/// Every op of the tape against central differences of the same function in double.
@Suite struct GradientTests {
  /// From an op's output to a loss that depends on each of its elements differently: a filter as
  /// large as the image, or a linear layer, then softmax cross-entropy.
  static func loss(_ y: Doubles) -> Doubles {
    guard y.sizes.count > 1 else { return y }
    let w = probe(y.sizes)
    let logits =
      y.sizes.count == 2
      ? Reference.linear(y, w, Doubles(zeros: [3]))
      : Reference.globalAveragePool(Reference.convolution(y, w, stride: 1, padding: 0))
    return Reference.crossEntropy(logits, labels(y.sizes[0]), divisor: 2)
  }

  static func loss(_ y: Variable, on tape: Tape) -> Variable {
    guard y.shape.rank > 1 else { return y }
    let probe = probe(y.shape.sizes)
    let w = Variable(tape.backend.makeTensor(probe.shape, probe.floats))
    let logits =
      y.shape.rank == 2
      ? tape.linear(y, w, Variable(tape.backend.makeTensor([3], filledWith: 0)))
      : tape.globalAveragePool(tape.convolution(y, w, stride: 1, padding: 0))
    return tape.softmaxCrossEntropy(
      logits, tape.backend.makeLabels(labels(y.shape[0])), divisor: 2)
  }

  /// Of one over the square root of the fan-in: logits of about y's size, so that the loss does
  /// not saturate, where single precision has no digits left.
  static func probe(_ sizes: [Int]) -> Doubles {
    let scale = 1 / Double(sizes.dropFirst().reduce(1, *)).squareRoot()
    return Doubles(random: sizes.dropFirst() + [3], stream: 99).map { Double(Float($0 * scale)) }
  }

  static func labels(_ n: Int) -> [Int32] { (0..<n).map { Int32($0 % 3) } }

  static func leaves(_ c: GradientCase) -> [Doubles] {
    c.leaves.enumerated().map { Doubles(random: $1, stream: UInt32($0)) }
  }

  @Test(arguments: GradientCase.all)
  func equalsCentralDifferences(_ c: GradientCase) throws {
    let backend = makeBackend()
    let leaves = Self.leaves(c)
    let tape = Tape(on: backend)
    let variables = leaves.map {
      Variable(backend.makeTensor($0.shape, $0.floats), needsGradient: true)
    }
    let loss = Self.loss(c.taped(tape, variables), on: tape)
    tape.backward(from: [loss])

    let expectedLoss = Self.loss(c.reference(leaves)).values[0]
    let gotLoss = Double(try backend.download(loss.value)[0])
    // Single against double precision over a few hundred terms.
    #expect(abs(gotLoss - expectedLoss) <= 1e-5 * abs(expectedLoss))

    for (i, variable) in variables.enumerated() {
      let got = try backend.download(try #require(variable.gradient)).map { Double($0) }
      let expected = Self.centralDifferences(leaves, of: i, c)
      let scale = expected.map(abs).max()!
      #expect(scale > 1e-4, "the case must say something about leaf \(i)")
      let worst = zip(got, expected).map { abs($0 - $1) }.max()!
      // Central differences leave h² ≈ 1e-10, single precision some 1e-6.
      #expect(worst <= 5e-5 * scale, "leaf \(i)")
    }
  }

  static func centralDifferences(
    _ leaves: [Doubles], of leaf: Int, _ c: GradientCase
  ) -> [Double] {
    let h = 1e-5
    return leaves[leaf].values.indices.map { i in
      var moved = leaves
      moved[leaf].values[i] += h
      let above = loss(c.reference(moved)).values[0]
      moved[leaf].values[i] -= 2 * h
      return (above - loss(c.reference(moved)).values[0]) / (2 * h)
    }
  }

  /// Freezing one leaf leaves it without gradient and changes no other gradient.
  @Test(arguments: GradientCase.all)
  func frozenLeavesPassGradientOn(_ c: GradientCase) throws {
    let backend = makeBackend()
    func gradients(frozen: Int?) throws -> [[Float]?] {
      let tape = Tape(on: backend)
      let variables = Self.leaves(c).enumerated().map {
        Variable(backend.makeTensor($1.shape, $1.floats), needsGradient: $0 != frozen)
      }
      tape.backward(from: [Self.loss(c.taped(tape, variables), on: tape)])
      return try variables.map { try $0.gradient.map(backend.download) }
    }
    let all = try gradients(frozen: nil)
    for frozen in all.indices {
      let some = try gradients(frozen: frozen)
      for i in all.indices { #expect(some[i] == (i == frozen ? nil : all[i])) }
    }
  }

  /// A leaf's gradient is a sum over tapes until it is cleared: so one step may have two passes.
  @Test(arguments: GradientCase.all)
  func gradientsAddUpUntilCleared(_ c: GradientCase) throws {
    let backend = makeBackend()
    let variables = Self.leaves(c).map {
      Variable(backend.makeTensor($0.shape, $0.floats), needsGradient: true)
    }
    func pass() throws -> [[Float]] {
      let tape = Tape(on: backend)
      tape.backward(from: [Self.loss(c.taped(tape, variables), on: tape)])
      return try variables.map { try backend.download(try #require($0.gradient)) }
    }
    let once = try pass()
    let twice = try pass()
    for (one, two) in zip(once, twice) {
      let scale = one.map(abs).max()!
      #expect(zip(one, two).allSatisfy { abs(2 * $0 - $1) <= 1e-5 * scale })
    }
    for variable in variables { variable.clearGradient() }
    #expect(try pass() == once)
  }
}
