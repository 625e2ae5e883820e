package import Components
import Networks
package import Tensors

/// Two networks of one architecture made one: each weight is the mean of both, as they are or with
/// the second's channels in the order that `WeightMatching` finds. Their statistics are to be taken
/// again.
package struct AveragedNetworks {
  private let parts: [(extractor: Component, head: Component)]
  /// Of both networks alike; outputs are the classes that both heads know.
  private let mean: WeightMatching.Weights
  private let common: [String]
  /// The second's own classifier, behind its channels' new order.
  private let classifiers: [WeightMatching.Weights]

  /// - Parameters:
  ///   - parts: two networks.
  ///   - permutes: whether the second's channels are brought in the first's order before.
  ///   - seed: of the matching.
  ///   - backend: where layers are made, to know what ties their channels.
  /// - Returns: nil where architectures differ, or no class is common.
  package init?(
    _ parts: [(extractor: Component, head: Component)], permutes: Bool, seed: UInt64,
    on backend: any Backend
  ) throws {
    precondition(parts.count == 2, "AveragedNetworks: \(parts.count) networks")
    let headers = parts.map { ($0.extractor.header.architecture, $0.head.header.architecture) }
    let names = parts.map { $0.head.header.classNames ?? [] }
    let common = Set(names[0]).intersection(names[1]).sorted()
    guard headers[0] == headers[1], !common.isEmpty else { return nil }
    let classifier = headers[0].1.classifier
    let whole = parts.map { $0.extractor.tensors.merging($0.head.tensors) { $1 } }
    let (weight, bias) = ("\(classifier).weight", "\(classifier).bias")
    let alike = zip(whole, names).map { weights, names in
      var weights = weights
      for name in [weight, bias] {
        weights[name] = weights[name]!.rows(common.map { names.firstIndex(of: $0)! })
      }
      return weights
    }
    var second = alike[1]
    var classifiers = whole.map { $0.filter { [weight, bias].contains($0.key) } }
    if permutes {
      let layers = Sequential(
        headers[0].0.makeExtractor(on: backend, seed: 0).layers
          + headers[0].1.makeHead(classes: common.count, on: backend, seed: 0).layers)
      let units = ChannelUnits(LayerGraph(of: layers), shapes: alike[0].mapValues(\.shape))
      let matching = WeightMatching(alike[0], alike[1], units, seed: seed)
      second = matching.moved(second)
      classifiers[1] = matching.moved(classifiers[1])
    }
    mean = alike[0].merging(second) { a, b in
      SafetensorsFile.Entry(
        shape: a.shape, values: zip(a.values, b.values).map { ($0 + $1) / 2 })
    }
    (self.parts, self.common, self.classifiers) = (parts, common, classifiers)
  }

  /// The one network with the preprocessing and the classes of the first or second: outputs of
  /// classes that the other does not know are its own.
  package func network(as index: Int, on backend: any Backend) throws -> Recombination {
    let (extractor, head) = parts[index]
    let names = head.header.classNames ?? []
    func taken(_ own: WeightMatching.Weights) -> WeightMatching.Weights {
      Dictionary(uniqueKeysWithValues: own.keys.map { ($0, mean[$0]!) })
    }
    var heads = taken(head.tensors)
    for (name, own) in classifiers[index] {
      heads[name] = own.replacingRows(
        common.map { names.firstIndex(of: $0)! }, by: mean[name]!)
    }
    return try Recombination(
      extractor.holding(taken(extractor.tensors)).makeExtractor(path: "the average", on: backend),
      head.holding(heads).makeHead(path: "the average", on: backend))
  }
}

extension SafetensorsFile.Entry {
  /// Slices of the first axis.
  fileprivate func rows(_ chosen: [Int]) -> Self {
    let row = values.count / max(shape[0], 1)
    return Self(
      shape: [chosen.count] + shape.dropFirst(),
      values: chosen.flatMap { values[$0 * row..<($0 + 1) * row] })
  }

  fileprivate func replacingRows(_ chosen: [Int], by other: Self) -> Self {
    let row = values.count / max(shape[0], 1)
    var result = values
    for (index, to) in chosen.enumerated() {
      result.replaceSubrange(
        to * row..<(to + 1) * row, with: other.values[index * row..<(index + 1) * row])
    }
    return Self(shape: shape, values: result)
  }
}
