import BackendCPU
import Components
import Datasets
import Evaluation
import Files
import Foundation
import Networks
import Tensors
import TestSupport
import Testing
import Training

/// Networks whose channels another program has moved in every layer
/// (`Tools/make-permutation-fixtures.py`) are brought back to the bit.
@Suite struct WeightMatchingTests {
  struct Permuted: Decodable {
    /// By name: place k has what `order[k]` had.
    let orders: [String: [Int]]
    /// Of each weight as it stands in files, the orders of its first axes; empty: as it was.
    let axes: [String: [String]]
    let digest: String
  }

  typealias Weights = [String: SafetensorsFile.Entry]

  static let networks: [(String, Architecture)] = [
    ("resnet", Architecture(depth: 8, split: .stage2)),
    ("projection", Architecture(depth: 8, split: .stage2, shortcut: .projection)),
    ("wide", Architecture(name: .wideResNet, depth: 10, width: 1, split: .stage2)),
  ]

  private func permuted(_ name: String) throws -> Permuted {
    let url = try #require(
      Bundle.module.url(
        forResource: "permuted-networks", withExtension: "json", subdirectory: "Fixtures"))
    let all = try JSONDecoder().decode([String: Permuted].self, from: Data(contentsOf: url))
    return try #require(all[name])
  }

  /// Weights by the script's formula, as they stand in files.
  private func made(
    _ architecture: Architecture, stream: Int = 0, on backend: any Backend
  ) throws -> (extractor: Component, head: Component) {
    let extractor = architecture.makeExtractor(on: backend, seed: 0)
    let head = architecture.makeHead(classes: 4, on: backend, seed: 0)
    for (index, each) in (extractor.parameters + head.parameters).enumerated() {
      backend.upload(
        Made.value(of: each.name, each.value.shape, stream: stream + index), to: each.value)
    }
    for (index, each) in (extractor.buffers + head.buffers).enumerated() {
      backend.upload(
        Made.value(of: each.name, each.value.shape, stream: stream + 500 + index), to: each.value)
    }
    return (
      try Component(
        FeatureExtractor(
          architecture: architecture,
          preprocessing: Preprocessing(
            imageSize: 16, normalization: Normalization(mean: [0, 0, 0], std: [1, 1, 1])),
          layers: extractor), on: backend),
      try Component(
        TaskHead(
          architecture: architecture, classNames: ["cat", "dog", "ship", "tree"], layers: head),
        on: backend)
    )
  }

  /// By loops of this test's own.
  private func moved(_ entry: SafetensorsFile.Entry, _ order: [Int], axis: Int)
    -> SafetensorsFile.Entry
  {
    let inner = entry.shape[(axis + 1)...].reduce(1, *)
    let outer = entry.shape[..<axis].reduce(1, *)
    var values = entry.values
    for a in 0..<outer {
      for (k, source) in order.enumerated() {
        for b in 0..<inner {
          values[(a * order.count + k) * inner + b] =
            entry.values[(a * order.count + source) * inner + b]
        }
      }
    }
    return .init(shape: entry.shape, values: values)
  }

  private func moved(_ weights: Weights, as permuted: Permuted) throws -> Weights {
    #expect(Set(weights.keys) == Set(permuted.axes.keys))
    var result = weights
    for (name, axes) in permuted.axes {
      for (axis, order) in axes.enumerated() where !order.isEmpty {
        result[name] = moved(try #require(result[name]), permuted.orders[order]!, axis: axis)
      }
    }
    return result
  }

  private func digest(_ weights: Weights) -> String {
    Digest.hex(
      weights.sorted { $0.key < $1.key }.flatMap { _, entry in
        entry.values.flatMap { value in
          (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
        }
      })
  }

  private func units(_ architecture: Architecture, _ weights: Weights, on backend: any Backend)
    -> ChannelUnits
  {
    ChannelUnits(
      LayerGraph(
        of: Sequential(
          architecture.makeExtractor(on: backend, seed: 0).layers
            + architecture.makeHead(classes: 4, on: backend, seed: 0).layers)),
      shapes: weights.mapValues(\.shape))
  }

  @Test(arguments: networks) func movedChannelsAreFoundAgain(
    _ name: String, _ architecture: Architecture
  ) throws {
    let backend = CPUBackend(threads: 2)
    let parts = try made(architecture, on: backend)
    let weights = parts.extractor.tensors.merging(parts.head.tensors) { $1 }
    let foreign = try permuted(name)
    let other = try moved(weights, as: foreign)
    // What the other program has, to the bit.
    #expect(digest(other) == foreign.digest)
    #expect(other != weights)
    let units = units(architecture, weights, on: backend)
    for seed in 0..<3 as Range<UInt64> {
      let matching = WeightMatching(weights, other, units, seed: seed)
      #expect(matching.moved(other) == weights, "seed \(seed)")
      // Nothing is moved where nothing was.
      #expect(WeightMatching(weights, weights, units, seed: seed).moved(weights) == weights)
    }
  }

  /// A stream of option A holds the one before it, whose channels may move among themselves alone.
  @Test func streamsShareTheirUnits() throws {
    let backend = CPUBackend(threads: 2)
    let sizes = try Self.networks.map { _, architecture in
      let parts = try made(architecture, on: backend)
      let weights = parts.extractor.tensors.merging(parts.head.tensors) { $1 }
      return units(architecture, weights, on: backend).groups.map(\.count).sorted()
    }
    // Three streams and what is within three blocks; of option A 16, 16 more and 32 more channels.
    #expect(sizes[0] == [16, 16, 16, 32, 32, 64])
    #expect(sizes[1] == [16, 16, 32, 32, 64, 64] && sizes[2] == sizes[1])
  }

  /// Two networks that are one but for the order of channels and of classes average to it.
  @Test func theAverageOfANetworkWithItselfIsItself() throws {
    let backend = CPUBackend(threads: 2)
    let architecture = Self.networks[0].1
    let parts = try made(architecture, on: backend)
    let foreign = try moved(
      parts.extractor.tensors.merging(parts.head.tensors) { $1 }, as: permuted("resnet"))
    func taken(_ own: Component) -> Component {
      own.holding(Dictionary(uniqueKeysWithValues: own.tensors.keys.map { ($0, foreign[$0]!) }))
    }
    let both = [parts, (extractor: taken(parts.extractor), head: taken(parts.head))]
    let images = Tiny.dataset(["a", "b"], train: 12, test: 0).train
    let large = ImageSet(
      bytes: Array((0..<4).map { _ in images.bytes.prefix(192) }.joined().prefix(768)),
      labels: [0], size: 16)
    func logits(_ network: Recombination) throws -> [Float] {
      try Evaluator(batchSize: 1, policy: .batch, on: backend).logits(network, large)
    }
    let own = try logits(
      Recombination(
        parts.extractor.makeExtractor(path: "e", on: backend),
        parts.head.makeHead(path: "h", on: backend)))
    let largest = own.map(abs).max()!
    let merged = try #require(try AveragedNetworks(both, permutes: true, seed: 0, on: backend))
    for index in 0..<2 {
      let found = try logits(merged.network(as: index, on: backend))
      #expect(zip(found, own).allSatisfy { abs($0 - $1) <= 1e-4 * largest })
    }
    let plain = try #require(try AveragedNetworks(both, permutes: false, seed: 0, on: backend))
    let found = try logits(plain.network(as: 0, on: backend))
    #expect(!zip(found, own).allSatisfy { abs($0 - $1) <= 1e-2 * largest })
  }

  /// Rows of classes that both know are averaged by name, the others stay.
  @Test func classesAreAveragedByName() throws {
    let backend = CPUBackend(threads: 2)
    let architecture = Self.networks[0].1
    let (one, two) = (
      try made(architecture, on: backend), try made(architecture, stream: 40, on: backend)
    )
    let head = try two.head.makeHead(path: "h", on: backend)
    let renamed = try Component(
      TaskHead(
        architecture: architecture, classNames: ["dog", "car", "cat", "bird"],
        layers: head.layers), on: backend)
    let merged = try #require(
      try AveragedNetworks(
        [one, (extractor: two.extractor, head: renamed)], permutes: false, seed: 0, on: backend))
    let found = try Component(merged.network(as: 1, on: backend).head, on: backend).tensors
    let (a, b) = (
      one.head.tensors["linear.weight"]!.values, renamed.tensors["linear.weight"]!.values
    )
    let values = found["linear.weight"]!.values
    for input in 0..<64 {
      // dog is the first's second, cat its first; car is the second's own.
      #expect(values[input] == (a[64 + input] + b[input]) / 2)
      #expect(values[64 + input] == b[64 + input])
      #expect(values[128 + input] == (a[input] + b[128 + input]) / 2)
    }
    let strangers = try Component(
      TaskHead(
        architecture: architecture, classNames: ["u", "v", "w", "x"], layers: head.layers),
      on: backend)
    #expect(
      try AveragedNetworks(
        [one, (extractor: two.extractor, head: strangers)], permutes: true, seed: 0, on: backend)
        == nil)
  }
}
