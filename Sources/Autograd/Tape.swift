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

  private struct Node {
    let output: Variable
    let inputs: [Variable]
    let pullback: (_ dy: OutputGradient) -> Void
  }

  public init(on backend: any Backend, recording: Bool = true) {
    self.backend = backend
    isRecording = recording
  }

  /// Number of ops recorded and not yet unwound.
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
    guard output.needsGradient else { return }
    for input in inputs { input.pendingUses += 1 }
    nodes.append(Node(output: output, inputs: inputs, pullback: pullback))
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
      guard let dy = node.output.wholeGradient(on: backend) else { continue }
      node.pullback(dy)
      node.output.clearGradient()
    }
  }
}
