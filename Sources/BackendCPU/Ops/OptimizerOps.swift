public import Tensors

extension CPUBackend {
  public func optimizerStep(
    _ rule: UpdateRule, _ updates: [ParameterUpdate], scalars: [Float], notes: NonFiniteNotes?
  ) {
    precondition(
      scalars.count == rule.scalars.count,
      "optimizerStep: scalars \(rule.scalars) wanted, \(scalars.count) given")
    for (index, update) in updates.enumerated() {
      precondition(update.state.count == rule.state.count, "optimizerStep: state \(rule.state)")
      let count = update.w.count
      let chunk = Self.elementChunk
      nonisolated(unsafe) let weight = pointer(update.w)
      nonisolated(unsafe) let gradient = UnsafePointer(pointer(update.g))
      nonisolated(unsafe) let state = update.state.map(pointer)
      let slices = update.slices
      // A chunk's zero, or NaN.
      var probes = [Float](repeating: 0, count: (count + chunk - 1) / chunk)
      probes.withUnsafeMutableBufferPointer { probes in
        nonisolated(unsafe) let probes = probes
        parallel(over: count, chunk: chunk) { range in
          if slices == 1 {
            rule.swift(range, weight, gradient, state, scalars)
          } else {
            // The rule counts elements from the parameter's first.
            var sums = [Float](repeating: 0, count: range.count)
            for i in range {
              for slice in 0..<slices { sums[i - range.lowerBound] += gradient[slice * count + i] }
            }
            sums.withUnsafeBufferPointer {
              rule.swift(
                0..<range.count, weight + range.lowerBound, $0.baseAddress!,
                state.map { $0 + range.lowerBound }, scalars)
            }
          }
          let probed =
            switch rule.probe {
            case .weight: weight
            case .state(let which): state[which]
            }
          var probe: Float = 0
          for i in range { probe += probed[i] * 0 }
          probes[range.lowerBound / chunk] = probe
        }
      }
      if let notes, probes.contains(where: \.isNaN) {
        let note = pointer(notes.tensor) + notes.slots[index]
        if note.pointee == 0 { note.pointee = notes.mark }
      }
    }
  }
}
