import Kernels
public import Tensors

extension OpenCLBackend {
  /// Parameters of one launch: as many as their buffers fit into a kernel's arguments.
  private static let group = 16

  public func momentumStep(
    _ updates: [MomentumUpdate], learningRate: Float, momentum: Float, weightDecay: Float,
    notes: NonFiniteNotes?
  ) {
    for first in stride(from: 0, to: updates.count, by: Self.group) {
      let group = updates[first..<min(first + Self.group, updates.count)]
      attempt {
        // Places that are left over get the first one's buffers and no elements.
        let places = Array(group) + Array(repeating: group.first!, count: Self.group - group.count)
        let counts = group.map { Int32($0.w.count) }
        let rest = [Int32](repeating: 0, count: Self.group - group.count)
        let slots = group.indices.map { Int32(notes?.slots[$0] ?? 0) }
        let chunk = family == .vector ? 1024 : 1
        let kernel = try programs.kernel(
          ProgramKey(
            [.common, .sixteen, .optimizer], kernel: "momentum_steps",
            defines: ["V=\(vectorWidth)", "CHUNK=\(chunk)", "NOTES=\(notes == nil ? 0 : 1)"]))
        let most = group.map { ($0.w.count + chunk - 1) / chunk }.max()!
        try launch(
          kernel,
          [
            .ints(counts + rest), .ints(group.map { Int32($0.slices) } + rest),
            .float(learningRate), .float(momentum), .float(weightDecay),
            notes.map { .buffer(memory($0.tensor)) } ?? .none,
            .ints(slots + rest),
            .float(notes?.mark ?? 0),
          ]
            + places.flatMap {
              [.buffer(memory($0.w)), .buffer(memory($0.g)), .buffer(memory($0.v))]
            },
          over: [most, group.count], cpuGroup: [1, 1])
      }
      for update in group { filterChanged(update.w) }
    }
  }
}
