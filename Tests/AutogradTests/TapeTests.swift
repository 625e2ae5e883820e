import Autograd
import Tensors
import TestSupport
import Testing

@Suite struct TapeTests {
  struct Watched {
    weak var variable: Variable?
    weak var storage: (any TensorStorage)?

    init(_ variable: Variable) { (self.variable, storage) = (variable, variable.value.storage) }
  }

  /// Every op once, one after the other; the variables that it makes are watched, not held.
  static func chain(on tape: Tape, from x: Variable, w: Variable) -> (Variable, [Watched]) {
    let backend = tape.backend
    var watched: [Watched] = []
    func watch(_ variable: Variable) -> Variable {
      watched.append(Watched(variable))
      return variable
    }
    func vector(_ value: Float) -> Variable {
      Variable(backend.makeTensor([6], filledWith: value), needsGradient: true)
    }
    func norm(_ x: Variable, residual: Variable?) -> Variable {
      let (mean, variance) = (backend.makeTensor([6]), backend.makeTensor([6]))
      backend.batchNormStatistics(x: x.value, mean: mean, variance: variance)
      return watch(
        tape.batchNorm(
          x, gamma: vector(1), beta: vector(0.1), epsilon: 1e-5, mean: mean, variance: variance,
          ofBatch: true, residual: residual, activation: .relu))
    }
    let shortcut = watch(tape.shortcut(x, stride: 2, channels: 6))
    let filtered = watch(tape.convolution(x, w, stride: 2, padding: 1))
    let normed = norm(filtered, residual: shortcut)
    let summed = watch(tape.relu(watch(tape.add(normed, norm(normed, residual: normed)))))
    let pooled = watch(
      tape.globalAveragePool(
        watch(
          tape.averagePool(
            watch(tape.maxPool(summed, window: 3, stride: 1, padding: 1)), window: 2, stride: 2))))
    let logits = watch(
      tape.linear(
        pooled, Variable(backend.makeTensor([6, 3], filledWith: 0.3), needsGradient: true),
        Variable(backend.makeTensor([3], filledWith: 0), needsGradient: true)))
    let loss = tape.softmaxCrossEntropy(logits, backend.makeLabels([0, 1]), divisor: 2)
    return (loss, watched)
  }

  static func leaves(on backend: any Backend) -> (x: Variable, w: Variable) {
    let x = Doubles(random: [2, 8, 8, 3], stream: 1)
    let w = Doubles(random: [3, 3, 3, 6], stream: 2)
    return (
      Variable(backend.makeTensor(x.shape, x.floats), needsGradient: true),
      Variable(backend.makeTensor(w.shape, w.floats), needsGradient: true)
    )
  }

  @Test func backwardReleasesEveryActivation() throws {
    let backend = makeBackend()
    let (x, w) = Self.leaves(on: backend)
    let tape = Tape(on: backend)
    let (loss, watched) = Self.chain(on: tape, from: x, w: w)
    #expect(tape.count == 11)
    #expect(watched.count == 10)
    #expect(watched.allSatisfy { $0.variable != nil && $0.storage != nil })
    tape.backward(from: [loss])
    #expect(tape.count == 0)
    for (i, activation) in watched.enumerated() {
      #expect(activation.variable == nil, "variable \(i) is still held")
      #expect(activation.storage == nil, "the memory of variable \(i) is still held")
    }
    #expect(x.gradient != nil && w.gradient != nil)
    #expect(loss.gradient == nil)
  }

  @Test func aTapeThatIsDroppedReleasesEveryActivation() {
    let backend = makeBackend()
    let (x, w) = Self.leaves(on: backend)
    var watched: [Watched] = []
    do { watched = Self.chain(on: Tape(on: backend), from: x, w: w).1 }
    #expect(watched.allSatisfy { $0.variable == nil && $0.storage == nil })
  }

  @Test func evaluationKeepsNothing() throws {
    let backend = makeBackend()
    let (x, w) = Self.leaves(on: backend)
    let tape = Tape(on: backend, recording: false)
    let (loss, watched) = Self.chain(on: tape, from: x, w: w)
    #expect(tape.count == 0)
    #expect(!loss.needsGradient)
    #expect(watched.allSatisfy { $0.variable == nil && $0.storage == nil })

    let recorded = Self.chain(on: Tape(on: backend), from: x, w: w).0
    #expect(try backend.download(loss.value) == backend.download(recorded.value))
  }

  @Test func opsOnConstantsAreNotRecorded() {
    let backend = makeBackend()
    let tape = Tape(on: backend)
    let x = Variable(backend.makeTensor([2, 3], filledWith: 1))
    #expect(!tape.relu(tape.add(x, x)).needsGradient)
    #expect(tape.count == 0)
  }

  @Test func anOutputThatNoLossDependsOnIsPassedOver() throws {
    let backend = makeBackend()
    let tape = Tape(on: backend)
    let used = Variable(backend.makeTensor([1], filledWith: 3), needsGradient: true)
    let unused = Variable(backend.makeTensor([1], filledWith: 3), needsGradient: true)
    let loss = tape.relu(used)
    _ = tape.relu(unused)
    tape.backward(from: [loss])
    #expect(try backend.download(try #require(used.gradient)) == [1])
    #expect(unused.gradient == nil)
    #expect(tape.count == 0)
  }

  @Test func severalLossesAddUp() throws {
    let backend = makeBackend()
    let tape = Tape(on: backend)
    let x = Variable(backend.makeTensor([1], filledWith: 3), needsGradient: true)
    tape.backward(from: [tape.relu(x), tape.add(x, x)])
    #expect(try backend.download(try #require(x.gradient)) == [3])
  }
}
