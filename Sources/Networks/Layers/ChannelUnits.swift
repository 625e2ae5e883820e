/// Which channels of a network are one: what a convolution puts out, all that batch norms and
/// additions tie to it, and what reads it. Units that stand in the same places may change places
/// with one another, everywhere at once, and the network computes what it did.
///
/// Along a residual stream all blocks share their units. Where a shortcut of option A adds channels
/// of zeros, the stream's old units go on among new ones.
package struct ChannelUnits {
  /// An axis of a weight as it stands in files: 0 outputs, 1 inputs.
  package struct Axis: Hashable, Sendable {
    package let weight: String
    package let index: Int

    package init(weight: String, index: Int) { (self.weight, self.index) = (weight, index) }
  }

  /// The unit at each place of an axis.
  package private(set) var axes: [Axis: [Int]] = [:]
  /// Of units that may change places, each group in the order of its places; units that are fixed
  /// (pixels' colors, outputs) are in none.
  package private(set) var groups: [[Int]] = []
  /// Weights that are statistics, not trained.
  package private(set) var statistics: Set<String> = []

  private var parents: [Int] = []
  private var fixed: Set<Int> = []

  /// - Parameters:
  ///   - graph: a whole network, from images to logits.
  ///   - shapes: of all its weights, as they stand in files.
  package init(_ graph: LayerGraph, shapes: [String: [Int]]) {
    var values: [[Int]] = [fresh(3)]
    fixed.formUnion(values[0])
    for step in graph.steps {
      let inputs = step.inputs.map { values[$0.index] }
      values.append(output(of: step.operation, inputs, shapes))
    }
    fixed.formUnion(values[graph.output.index])
    axes = axes.mapValues { $0.map(root) }
    fixed = Set(fixed.map(root))
    group(values.map { $0.map(root) })
  }

  private mutating func output(
    of operation: LayerGraph.Operation, _ inputs: [[Int]], _ shapes: [String: [Int]]
  ) -> [Int] {
    let x = inputs[0]
    switch operation {
    case .convolution(let weight, _, _, _, let groups):
      if groups > 1 {
        axes[Axis(weight: weight, index: 0)] = x
        return x
      }
      return mixed(weight, x, shapes)
    case .affine(let weight, let bias), .linear(let weight, let bias):
      let y = mixed(weight, x, shapes)
      axes[Axis(weight: bias, index: 0)] = y
      return y
    case .batchNorm(let gamma, let beta, let mean, let variance, _, _):
      for name in [gamma, beta, mean, variance] { axes[Axis(weight: name, index: 0)] = x }
      statistics.formUnion([mean, variance])
      return x
    case .add:
      for (a, b) in zip(x, inputs[1]) { parents[root(a)] = root(b) }
      return x
    case .shortcut(let inputs, let outputs, _):
      let zeros = (outputs - inputs) / 2
      return fresh(zeros) + x + fresh(outputs - inputs - zeros)
    case .activation, .averagePool, .maxPool, .globalAveragePool: return x
    }
  }

  /// Every output depends on all inputs.
  private mutating func mixed(
    _ weight: String, _ x: [Int], _ shapes: [String: [Int]]
  ) -> [Int] {
    axes[Axis(weight: weight, index: 1)] = x
    let y = fresh(shapes[weight]?.first ?? 0)
    axes[Axis(weight: weight, index: 0)] = y
    return y
  }

  private mutating func fresh(_ count: Int) -> [Int] {
    let new = Array(parents.count..<parents.count + count)
    parents += new
    return new
  }

  private func root(_ unit: Int) -> Int {
    var unit = unit
    while parents[unit] != unit { unit = parents[unit] }
    return unit
  }

  /// Units that stand in the same values and axes, by their first place.
  private mutating func group(_ values: [[Int]]) {
    var places: [Int: [Int]] = [:]
    var order: [Int] = []
    let all =
      values
      + axes.sorted { ($0.key.weight, $0.key.index) < ($1.key.weight, $1.key.index) }
      .map(\.value)
    for (place, units) in all.enumerated() {
      for unit in units {
        if places[unit] == nil { order.append(unit) }
        places[unit, default: []].append(place)
      }
    }
    var found: [[Int]: Int] = [:]
    for unit in order where !fixed.contains(unit) {
      let key = places[unit]!
      if let at = found[key] {
        groups[at].append(unit)
      } else {
        found[key] = groups.count
        groups.append([unit])
      }
    }
  }
}
