public import Tensors

extension CPUBackend {
  public func momentumStep(
    _ updates: [MomentumUpdate], learningRate: Float, momentum: Float, weightDecay: Float,
    notes: NonFiniteNotes?
  ) {
    for (index, update) in updates.enumerated() {
      let count = update.w.count
      let (weight, gradient) = (pointer(update.w), pointer(update.g))
      let (velocity, slices) = (pointer(update.v), update.slices)
      // A chunk's zero, or NaN.
      var probes = [Float](repeating: 0, count: (count + Self.elementChunk - 1) / Self.elementChunk)
      probes.withUnsafeMutableBufferPointer { probes in
        nonisolated(unsafe) let probes = probes
        parallel(over: count, chunk: Self.elementChunk) { range in
          var probe: Float = 0
          for i in range {
            var g: Float = 0
            for slice in 0..<slices { g += gradient[slice * count + i] }
            let next = momentum * velocity[i] + (g + weightDecay * weight[i])
            velocity[i] = next
            weight[i] -= learningRate * next
            probe += next * 0
          }
          probes[range.lowerBound / Self.elementChunk] = probe
        }
      }
      if let notes, probes.contains(where: \.isNaN) {
        let note = pointer(notes.tensor) + notes.slots[index]
        if note.pointee == 0 { note.pointee = notes.mark }
      }
    }
  }
}
