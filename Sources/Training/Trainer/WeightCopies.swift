import Networks
import Optimizers
import Tensors

/// Everything that a training changes, once more beside it: weights and running statistics.
final class WeightCopies {
  /// One of them.
  struct Entry {
    /// As a checkpoint has it.
    let name: String
    /// What is trained.
    let value: Tensor
    /// Its copy.
    let copy: Tensor
  }

  let entries: [Entry]
  private let backend: any Backend

  /// Copies of what stands there now.
  /// - Parameters:
  ///   - parts: what is trained, by name.
  ///   - prefix: of the copies' names.
  ///   - backend: where they are.
  init(of parts: [(name: String, layers: Sequential)], prefix: String, on backend: any Backend) {
    entries = parts.flatMap { part, layers in
      let values =
        layers.parameters.map { ($0.name, $0.value) } + layers.buffers.map { ($0.name, $0.value) }
      return values.map { name, value in
        Entry(
          name: "\(prefix)/\(part)/\(name)", value: value, copy: backend.makeTensor(value.shape))
      }
    }
    self.backend = backend
    save()
  }

  /// copy := value.
  func save() { for each in entries { backend.copy(each.value, to: each.copy) } }

  /// value := copy.
  func restore() { for each in entries { backend.copy(each.copy, to: each.value) } }

  /// copy := copy + share · (value − copy).
  func move(_ share: Float) {
    backend.optimizerStep(
      Self.towards,
      entries.map { ParameterUpdate(w: $0.copy, g: $0.value, state: []) }, scalars: [share])
  }

  /// With the copies in the place of the values while `body` runs.
  func exchanged(_ body: () throws -> Void) rethrows {
    let values = entries.map { entry in
      let value = backend.makeTensor(entry.value.shape)
      backend.copy(entry.value, to: value)
      return value
    }
    restore()
    defer { for (entry, value) in zip(entries, values) { backend.copy(value, to: entry.value) } }
    try body()
  }

  private static let towards = UpdateRule(
    state: [], scalars: ["share"], openCL: "w = fma(share, g - w, w);"
  ) { range, w, g, _, scalars in
    for i in range { w[i] += scalars[0] * (g[i] - w[i]) }
  }
}

extension Trainer {
  /// Moves the averages on after a round, with the decay d of its step t, from 1:
  ///
  ///     d = min(average-weights, (1 + t) / (10 + t))
  ///     average := d·average + (1 − d)·weight
  ///
  /// (as TensorFlow's ExponentialMovingAverage with the number of updates, and timm's), so that the
  /// first weights are soon forgotten.
  func average(after step: Int) {
    let t = Double(step)
    averages?.move(Float(1 - min(settings.averageWeights, (1 + t) / (10 + t))))
  }

  /// Has a second set of weights beside those in training, which `keepWeights` fills and
  /// `restoreKept` takes back: for the best of a run.
  package func enableKeeping() {
    kept = WeightCopies(
      of: Self.parts(networks, auxiliaryHeads, sharedHead: settings.sharedHead), prefix: "kept",
      on: backend)
  }

  /// The weights as they stand become the kept ones.
  package func keepWeights() { kept?.save() }

  /// The kept weights become the networks'.
  /// - Parameter step: after how many they were kept; all components state it.
  package func restoreKept(of step: Int) {
    kept?.restore()
    keptStep = step
  }
}
