import Optimizers
import Tensors
import TestSupport
import Testing

@Suite struct NonFiniteNotesTests {
  /// One bad value in a gradient, a weight or a momentum, at the start, in a vector, in the rest.
  @Test(arguments: TestedBackend.available)
  func everyPlaceIsSeenAndNothingElse(_ tested: TestedBackend) throws {
    let backend = try tested.make()
    let count = 2077
    for bad in [Float.nan, .infinity, -.infinity] {
      for (position, role) in [(0, 0), (17, 1), (1024, 2), (2076, 0), (2075, 1)] {
        let notes = backend.makeTensor([40], filledWith: 0)
        // Twenty parameters, so two launches; the one at 18 has the bad value.
        let updates = (0..<20).map { index in
          func tensor(_ which: Int) -> Tensor {
            var values = [Float](repeating: 0.5, count: count)
            if index == 18 && which == role { values[position] = bad }
            return backend.makeTensor([count], values)
          }
          return ParameterUpdate(w: tensor(0), g: tensor(1), state: [tensor(2)])
        }
        func step(_ mark: Float) {
          backend.optimizerStep(
            SGD.plainRule, updates, scalars: [0.1, 0.9, 1e-4],
            notes: NonFiniteNotes(in: notes, slots: (0..<20).map { 39 - $0 }, mark: mark))
        }
        step(7)
        var expected = [Float](repeating: 0, count: 40)
        expected[39 - 18] = 7
        #expect(try backend.download(notes) == expected, "\(bad) at \(position) of \(role)")
        // The first mark stays.
        step(8)
        #expect(try backend.download(notes) == expected)
      }
    }
  }

  /// Largest values that are finite are no reason to stop, and notes change no bit of the step.
  @Test(arguments: TestedBackend.available)
  func finiteStepsAreNotNoted(_ tested: TestedBackend) throws {
    let backend = try tested.make()
    let notes = backend.makeTensor([1], filledWith: 0)
    func step(_ notes: NonFiniteNotes?) throws -> [Float] {
      let values = (0..<1100).map { Float($0 % 2 == 0 ? 1 : -1) * (3e38 - Float($0) * 1e33) }
      let update = ParameterUpdate(
        w: backend.makeTensor([1100], filledWith: 0), g: backend.makeTensor([1100], values),
        state: [backend.makeTensor([1100], filledWith: 0)])
      backend.optimizerStep(SGD.plainRule, [update], scalars: [0.1, 0.9, 1e-4], notes: notes)
      return try backend.download(update.w) + backend.download(update.state[0])
    }
    #expect(try step(NonFiniteNotes(in: notes, slots: [0], mark: 1)) == step(nil))
    #expect(try backend.download(notes) == [0])
  }
}
