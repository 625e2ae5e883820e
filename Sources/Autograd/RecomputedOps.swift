import Tensors

/// Ops of which a tape keeps what goes in and what comes out, and which it runs again in `backward`.
///
/// The second run is recorded apart, by ops on the same input variable, and its nodes take the place
/// of this one's. So whatever a tape does with an op's gradient, and in which order, is done as if
/// the first run had been recorded: all bits are the same.
final class RecomputedOps {
  enum Run {
    /// For the output alone: nothing is recorded.
    case first
    case again
  }

  typealias Ops = (_ x: Variable, _ tape: Tape, _ isAgain: Bool) -> Variable

  private let x: Variable
  /// Whether the first run found x a rule of reading: the second one has to.
  private let wasRule: Bool
  private let ops: Ops
  private var second: (output: Variable, nodes: [Tape.Node])?

  init(of x: Variable, _ ops: @escaping Ops) {
    (self.x, wasRule, self.ops) = (x, x.readsAsRule, ops)
  }

  /// The output and its ops, run again by whoever is the first to ask.
  private func runAgain(on tape: Tape) -> (output: Variable, nodes: [Tape.Node]) {
    if let second { return second }
    if wasRule { x.forgetValue() }
    let made = tape.recordedApart { ops(x, tape, true) }
    second = made
    return made
  }

  /// What is left to do when the output's gradient is whole. The op that adds to it last may ask for
  /// this before the tape gets here.
  func completion(on tape: Tape) -> GradientCompletion {
    guard let completion = runAgain(on: tape).output.completion else {
      preconditionFailure("recomputed: the ops of the second run are not those of the first")
    }
    return completion()
  }

  /// The ops, to go back through; their output has taken over the gradient of the first run's.
  func take(for output: Variable, on tape: Tape) -> [Tape.Node] {
    let made = runAgain(on: tape)
    second = nil
    made.output.takePlace(of: output)
    return made.nodes
  }
}
