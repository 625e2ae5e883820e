public import Tensors

/// Records ops as they run, and runs their pullbacks in reverse.
///
/// A tape serves one forward pass and at most one `backward`. Nodes are dropped as they are
/// unwound, and with them the activations that they kept: the backend's in-order queue makes it
/// safe to reuse such a buffer at once.
public final class Tape {
  public let backend: any Backend
  /// false: nothing is recorded and nothing is kept (evaluation).
  public let isRecording: Bool
  private var nodes: [Node] = []
  /// Which run of recomputed ops is under way, if any.
  private var run: RecomputedOps.Run?

  struct Node {
    enum Work {
      case pullback((_ dy: OutputGradient) -> Void)
      /// In their place the ops themselves, once `backward` is there.
      case recomputed(RecomputedOps)
    }

    let output: Variable
    let inputs: [Variable]
    let work: Work
  }

  public init(on backend: any Backend, recording: Bool = true) {
    self.backend = backend
    isRecording = recording
  }

  /// Number of ops recorded and not yet unwound; those of one call of `recomputed` are one.
  public var count: Int { nodes.count }

  /// Whether an op on these inputs has to be recorded.
  func records(_ inputs: [Variable]) -> Bool {
    isRecording && inputs.contains { $0.needsGradient }
  }

  /// The output of an op. `pullback` is given dloss/doutput and adds to the inputs' gradients; it
  /// captures tensors and inputs, never the output variable (that would be a cycle).
  func result(
    _ value: Tensor, of inputs: [Variable], pullback: @escaping (_ dy: Tensor) -> Void
  ) -> Variable {
    let output = Variable(value, needsGradient: records(inputs))
    record(output, of: inputs) { pullback($0.tensor) }
    return output
  }

  /// Records an op whose output is made already; for ops that take their gradient through a batch
  /// norm themselves.
  func record(
    _ output: Variable, of inputs: [Variable],
    pullback: @escaping (_ dy: OutputGradient) -> Void
  ) {
    record(Node(output: output, inputs: inputs, work: .pullback(pullback)))
  }

  private func record(_ node: Node) {
    guard node.output.needsGradient, run != .first else { return }
    for input in node.inputs { input.pendingUses += 1 }
    nodes.append(node)
  }

  /// Sums d(Σ losses)/d(variable) into every variable that needs it. An op's output that no loss
  /// depends on is passed over.
  /// - Precondition: each loss has one element.
  public func backward(from losses: [Variable]) {
    for loss in losses {
      precondition(loss.value.count == 1, "a loss has one element, got \(loss.shape)")
      guard let output = loss.gradientOutput(on: backend) else { continue }
      precondition(!output.accumulate, "a loss may be given once, and only to one backward")
      backend.fill(output.tensor, with: 1)
    }
    while let node = nodes.popLast() {
      for input in node.inputs { input.pendingUses -= 1 }
      switch node.work {
      case .pullback(let pullback):
        guard let dy = node.output.wholeGradient(on: backend) else { continue }
        pullback(dy)
        node.output.clearGradient()
      case .recomputed(let ops):
        guard node.output.hasGradient else { continue }
        nodes += ops.take(for: node.output, on: self)
      }
    }
  }
}

// MARK: Less memory for more time

extension Tape {
  /// What `ops` make of x, with the bits and the gradients that they have when called outright; but of
  /// all that they keep nothing stays until `backward`, which calls them again when it gets there.
  /// Where nothing is recorded, and within such ops, they are just called.
  /// - Parameters:
  ///   - x: what the ops are of; all else that they read are parameters, and constants.
  ///   - ops: calls ops of the tape that it is given, the same ones each time, on the x that it is given,
  ///     and hands back what the last one puts out. `isAgain`: what shall happen once a step, such
  ///     as moving running statistics, has happened. It holds no tape (that would be a cycle).
  /// - Returns: what the first call of `ops` hands back.
  public func recomputed(
    _ x: Variable,
    _ ops: @escaping (_ x: Variable, _ tape: Tape, _ isAgain: Bool) -> Variable
  ) -> Variable {
    guard isRecording, run == nil else { return ops(x, self, run == .again) }
    let recomputed = RecomputedOps(of: x, ops)
    run = .first
    let output = ops(x, self, false)
    run = nil
    guard output !== x, output.needsGradient else { return output }
    // What completes a gradient reads what is not kept.
    if output.completion != nil {
      output.completion = { [unowned self] in recomputed.completion(on: self) }
    }
    record(Node(output: output, inputs: [x], work: .recomputed(recomputed)))
    return output
  }

  /// Records what `ops` do apart from all else, for a second run.
  func recordedApart(_ ops: () -> Variable) -> (output: Variable, nodes: [Node]) {
    let others = nodes
    nodes = []
    run = .again
    let output = ops()
    let own = nodes
    nodes = others
    run = nil
    return (output, own)
  }
}
