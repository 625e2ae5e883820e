import Analysis
package import Components
package import Networks
import Tensors

/// The order of a second network's channels, in all layers at once, in which its weights are most
/// like a first's: weight matching of Ainsworth et al. 2023 (Git Re-Basin, Algorithm 1), here of
/// networks with batch norm.
///
/// Group by group of channels that may change places (`ChannelUnits`), the permutation of largest
/// total inner product of both networks' weights is taken (Hungarian algorithm), with all others as
/// they are; first in the order of the network, then in random orders, until none changes. Running
/// statistics follow, and have no say.
package struct WeightMatching {
  package typealias Weights = [String: SafetensorsFile.Entry]

  /// Unit of the second network that comes to the place of each unit.
  package private(set) var partners: [Int: Int]
  private let units: ChannelUnits

  /// - Parameters:
  ///   - first: weights that stay, as they stand in files.
  ///   - second: weights of the same names and shapes.
  ///   - units: of both networks.
  ///   - seed: of the orders of groups.
  package init(_ first: Weights, _ second: Weights, _ units: ChannelUnits, seed: UInt64) {
    self.units = units
    partners = Dictionary(uniqueKeysWithValues: units.groups.joined().map { ($0, $0) })
    var random = RandomStream(seed: seed, .channelOrder)
    var order = Array(units.groups.indices)
    for _ in 0..<Self.mostPasses {
      var hasChanged = false
      for index in order where improve(units.groups[index], first, second) { hasChanged = true }
      if !hasChanged { break }
      order = random.permutation(units.groups.count)
    }
  }

  private static let mostPasses = 100

  /// The weights with all channels moved.
  package func moved(_ weights: Weights) -> Weights {
    var result = weights
    for (name, entry) in weights { result[name] = moved(entry, name) }
    return result
  }

  /// - Parameter kept: an axis that stays as it is.
  private func moved(
    _ entry: SafetensorsFile.Entry, _ name: String, but kept: Int? = nil
  ) -> SafetensorsFile.Entry {
    (0..<min(entry.shape.count, 2)).reduce(entry) { entry, axis in
      // Outputs stay, and a classifier may have more of them than both networks know.
      guard axis != kept, let places = units.axes[.init(weight: name, index: axis)],
        places.contains(where: { partners[$0] != nil })
      else { return entry }
      var place: [Int: Int] = [:]
      for (index, unit) in places.enumerated() { place[unit] = index }
      let order = places.enumerated().map { index, unit in
        partners[unit].flatMap { place[$0] } ?? index
      }
      return entry.reordered(order, axis: axis)
    }
  }

  /// - Returns: whether another permutation of the group is better than that it has.
  private mutating func improve(_ group: [Int], _ first: Weights, _ second: Weights) -> Bool {
    var likeness = [[Double]](
      repeating: [Double](repeating: 0, count: group.count), count: group.count)
    let axes = units.axes.filter { $0.value.contains(group[0]) }
      .sorted { ($0.key.weight, $0.key.index) < ($1.key.weight, $1.key.index) }
    for (axis, places) in axes where !units.statistics.contains(axis.weight) {
      guard let a = first[axis.weight], let b = second[axis.weight] else { continue }
      var place: [Int: Int] = [:]
      for (index, unit) in places.enumerated() { place[unit] = index }
      let (mine, theirs) = (
        a.slices(along: axis.index),
        moved(b, axis.weight, but: axis.index).slices(along: axis.index)
      )
      let found = group.map { place[$0]! }
      for (i, row) in found.enumerated() {
        for (j, column) in found.enumerated() {
          var sum = 0.0
          for (x, y) in zip(mine[row], theirs[column]) { sum += Double(x) * Double(y) }
          likeness[i][j] += sum
        }
      }
    }
    let best = ChannelMatching.assignment(maximizing: likeness)
    let current = group.map { group.firstIndex(of: partners[$0]!)! }
    func total(_ order: [Int]) -> Double {
      order.enumerated().reduce(0) { $0 + likeness[$1.offset][$1.element] }
    }
    let (before, after) = (total(current), total(best))
    guard after > before + 1e-9 * max(1, abs(before)) else { return false }
    for (i, j) in best.enumerated() { partners[group[i]] = group[j] }
    return true
  }
}

extension SafetensorsFile.Entry {
  /// One list of numbers for each place along an axis.
  fileprivate func slices(along axis: Int) -> [[Float]] {
    let inner = shape[(axis + 1)...].reduce(1, *)
    let block = inner * shape[axis]
    return (0..<shape[axis]).map { place in
      stride(from: place * inner, to: values.count, by: block).flatMap {
        values[$0..<$0 + inner]
      }
    }
  }
}
