import Files
package import Networks
package import Tensors

/// Extractors whose channels were moved or mixed after the training.
extension Component {
  /// The component with other weights or another statement of itself.
  private init(header: ComponentHeader, tensors: [String: SafetensorsFile.Entry]) {
    var header = header
    header.digest = Digest.weights(tensors)
    self.header = header
    self.tensors = tensors
  }

  /// The same weights in another feature space.
  package func stated(in space: FeatureSpace, lineage: Lineage) -> Component {
    var header = header
    (header.featureSpace, header.lineage) = (space, lineage)
    return Component(header: header, tensors: tensors)
  }

  /// The same statement of itself with other weights.
  /// - Precondition: of the names and shapes that its own have.
  package func holding(_ weights: [String: SafetensorsFile.Entry]) -> Component {
    precondition(
      weights.mapValues(\.shape) == tensors.mapValues(\.shape), "holding: other weights")
    return Component(header: header, tensors: weights)
  }

  /// The extractor with an affine adapter behind it.
  /// - Parameters:
  ///   - weight: `[K, C]`: K outputs, C the channels that the extractor gives.
  ///   - bias: `[K]`.
  /// - Throws: `ArchitectureError` for more channels than an adapter may have.
  /// - Precondition: an extractor without an affine adapter; sizes agree.
  package func withAffineAdapter(
    weight: [Float], bias: [Float], activation: Activation
  ) throws(ArchitectureError) -> Component {
    let (c, k) = (header.interface.channels, bias.count)
    precondition(
      header.architecture.affineAdapter == nil && weight.count == c * k,
      "withAffineAdapter: \(weight.count) weights, \(c) channels to \(k)")
    guard let preprocessing = header.preprocessing else {
      preconditionFailure("withAffineAdapter: an extractor has preprocessing")
    }
    var (header, tensors) = (header, tensors)
    header.architecture.affineAdapter = .init(channels: k, activation: activation)
    try header.architecture.validateExtractor()
    header.interface = Interface(
      of: header.architecture, imageSize: preprocessing.imageSize,
      batchNorm: header.interface.batchNorm)
    tensors["affine.weight"] = .init(shape: [k, c, 1, 1], values: weight)
    tensors["affine.bias"] = .init(shape: [k], values: bias)
    return Component(header: header, tensors: tensors)
  }

  /// The extractor with its channels in another order: channel k is what `order[k]` was. Rows of
  /// the last layers' weights change places; where a layer sums over moved channels, its sums round
  /// otherwise.
  /// - Returns: nil where weights alone cannot do it, as where channels of zeros are added in fixed
  ///   places (option A of a ResNet).
  /// - Precondition: an extractor of as many channels.
  package func reordered(_ order: [Int], on backend: any Backend) -> Component? {
    precondition(
      header.kind == .extractor && order.sorted() == Array(0..<header.interface.channels),
      "reordered: \(order)")
    let layers = header.architecture.makeExtractor(on: backend, seed: 0)
    guard let moves = ChannelMoves(in: LayerGraph(of: layers), of: order.count) else { return nil }
    var moved = tensors
    for (name, axes) in moves.axes {
      guard let entry = tensors[name] else { return nil }
      moved[name] = axes.sorted().reduce(entry) { $0.reordered(order, axis: $1) }
    }
    return Component(header: header, tensors: moved)
  }
}

/// Which weights have to change the order of which axis so that a graph's output has its channels
/// in another one.
private struct ChannelMoves {
  /// By the weight's name: axes as they stand in files, 0 outputs, 1 inputs.
  private(set) var axes: [String: Set<Int>] = [:]

  /// - Returns: nil where an operation fixes the places of channels.
  init?(in graph: LayerGraph, of channels: Int) {
    /// Values whose channels move: the output, and what an addition or an element-wise operation
    /// ties to it.
    var moving: Set<Int> = [graph.output.index]
    var before = 0
    while before != moving.count {
      before = moving.count
      for (place, step) in graph.steps.enumerated() {
        let output = place + 1
        let inputs = step.inputs.map(\.index)
        guard Self.keepsChannels(step.operation) else { continue }
        if moving.contains(output) || inputs.contains(where: moving.contains) {
          moving.formUnion(inputs + [output])
        }
      }
    }
    if moving.contains(graph.input.index) { return nil }
    for (place, step) in graph.steps.enumerated() {
      let (out, into) = (
        moving.contains(place + 1), step.inputs.contains { moving.contains($0.index) }
      )
      guard out || into else { continue }
      if !move(step.operation, out: out, into: into, channels) { return nil }
    }
  }

  /// Does channel c of the output come from channel c of the inputs alone?
  private static func keepsChannels(_ operation: LayerGraph.Operation) -> Bool {
    switch operation {
    case .convolution(_, _, _, _, let groups): groups > 1
    case .shortcut(let inputs, let outputs, _): inputs == outputs
    case .affine, .linear: false
    default: true
    }
  }

  /// - Returns: whether the operation's weights can follow.
  private mutating func move(
    _ operation: LayerGraph.Operation, out: Bool, into: Bool, _ channels: Int
  ) -> Bool {
    switch operation {
    case .convolution(let weight, _, _, _, let groups):
      if groups > 1 { return add(weight, 0) }
      return (!out || add(weight, 0)) && (!into || add(weight, 1))
    case .affine(let weight, let bias):
      return (!out || (add(weight, 0) && add(bias, 0))) && (!into || add(weight, 1))
    case .batchNorm(let gamma, let beta, let mean, let variance, _, _):
      return [gamma, beta, mean, variance].reduce(true) { $0 && add($1, 0) }
    case .shortcut(let inputs, let outputs, _): return inputs == outputs
    case .linear, .globalAveragePool: return false
    default: return true
    }
  }

  /// - Returns: false for a weight that two operations share.
  private mutating func add(_ weight: String, _ axis: Int) -> Bool {
    axes[weight, default: []].insert(axis).inserted
  }
}

extension SafetensorsFile.Entry {
  /// Slices along an axis in another order: the k-th is what `order[k]` was.
  package func reordered(_ order: [Int], axis: Int) -> Self {
    let inner = shape[(axis + 1)...].reduce(1, *)
    let block = inner * shape[axis]
    var result: [Float] = []
    result.reserveCapacity(values.count)
    for start in stride(from: 0, to: values.count, by: block) {
      for source in order {
        result += values[start + source * inner..<start + (source + 1) * inner]
      }
    }
    return Self(shape: shape, values: result)
  }
}
