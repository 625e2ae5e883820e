import Autograd
import BackendCPU
import Components
import Datasets
import Export
import Foundation
import Networks
import Tensors
import TestSupport
import Testing

/// Exported graphs, computed by their operators' definitions, against the networks that they are
/// of. (What ONNX Runtime makes of them, `Tools/check-onnx.py` looks at.)
@Suite struct ExportTests {
  static let affine = {
    var architecture = Architecture(split: .stage2, adapter: 20)
    architecture.affineAdapter = .init(channels: 24, activation: .relu6)
    return architecture
  }()
  static let architectures = [
    affine,
    Architecture(split: .stage1), Architecture(split: .stage3),
    Architecture(width: 2, split: .stage2, adapter: 48),
    Architecture(split: .stage2, shortcut: .projection),
    Architecture(name: .wideResNet, depth: 10, width: 2, split: .stage1),
    Architecture(name: .wideResNet, depth: 10, width: 1, split: .stage3),
    Architecture(name: .mobileNetV2, width: 0.1, split: .block(3)),
    // At its usual strides 1 × 1 would be left at the end: too few values for a variance in Float.
    Architecture(name: .mobileNetV2, width: 0.1, split: .block(11), adapter: 24),
    // Of another package, with a layer of its own.
    Architecture(name: "plain-stack", depth: 6, width: 2, split: Split("unit", 1)),
  ]
  static let size = 16
  static let normalization = Normalization(mean: [0.5, 0.25, 0.125], std: [0.25, 0.5, 0.2])

  let backend = CPUBackend(threads: 2)

  init() throws { try NetworkFamilies.register(PlainStack.self) }

  private func parts(
    _ architecture: Architecture, _ policy: BatchNormPolicy
  ) throws -> (extractor: Component, head: Component) {
    let stamp = ComponentStamp(
      batchNorm: policy,
      featureSpace: FeatureSpace([Anchor(.sharedHead, String(repeating: "a", count: 64))]))
    let extractor = FeatureExtractor(
      architecture: architecture,
      preprocessing: Preprocessing(imageSize: Self.size, normalization: Self.normalization),
      layers: architecture.makeExtractor(on: backend, seed: 3), stamp: stamp)
    let head = TaskHead(
      architecture: architecture, classNames: ["cat", "dog", "größer", "a \"b\""],
      layers: architecture.makeHead(classes: 4, on: backend, seed: 4), stamp: stamp)
    // Nothing may be 0 or 1, or what is left out would not be missed.
    var random = RandomStream(seed: 9, .diagnostics)
    for layers in [extractor.layers, head.layers] {
      let vectors =
        layers.parameters.filter { $0.value.shape.rank == 1 }.map { ($0.name, $0.value) }
        + layers.buffers.map { ($0.name, $0.value) }
      for (name, tensor) in vectors {
        let around: Float = name.hasSuffix("var") || name.hasSuffix("weight") ? 1 : 0
        backend.upload(
          (0..<tensor.count).map { _ in around + 0.6 * random.uniform() - 0.3 }, to: tensor)
      }
    }
    return (
      try Component(extractor, on: backend), try Component(head, on: backend)
    )
  }

  private func export(
    _ component: ComponentFile.Contents, operatorSet: Int = ONNXExport.standardOperatorSet
  ) throws -> ParsedModel {
    ParsedModel(
      try ONNXExport.bytes(
        of: component, path: "test", operatorSet: operatorSet, on: backend))
  }

  /// Each in the form that its operator set has, with nothing that other tools cannot convert down.
  @Test(arguments: ONNXExport.operatorSets)
  func everyOperatorSetComputesTheSame(_ operatorSet: Int) throws {
    let (extractor, head) = try parts(Architecture(split: .stage2), .batch)
    let model = ComponentFile.Contents.model(try Model(extractor: extractor, head: head))
    let images = ParsedModel.Values(
      shape: [2, 3, Self.size, Self.size],
      numbers: (0..<6 * Self.size * Self.size).map { Double($0 % 251) / 251 })
    let other = try export(model, operatorSet: operatorSet)
    #expect(other.operatorSet == UInt64(operatorSet))
    #expect(other.irVersion == [13: 7, 14: 7, 19: 9, 20: 9, 21: 10][operatorSet, default: 8])
    #expect(!other.nodes.contains { $0.operation == "Identity" })
    let means = other.nodes.filter { $0.operation == "ReduceMean" }
    #expect(!means.isEmpty && means.allSatisfy { $0.inputs.count == (operatorSet < 18 ? 1 : 2) })
    let standard = try export(model).compute(["images": images])
    #expect(try other.compute(["images": images])["logits"]?.numbers == standard["logits"]?.numbers)
  }

  /// Whole, and in two halves that meet at `features`.
  @Test(arguments: architectures, [BatchNormPolicy.batch, .recalibrated])
  func aGraphComputesWhatTheNetworkDoes(
    _ architecture: Architecture, _ policy: BatchNormPolicy
  ) throws {
    let (extractor, head) = try parts(architecture, policy)
    let count = 5
    var random = RandomStream(seed: 1, .diagnostics)
    let pixels = (0..<count * Self.size * Self.size * 3).map { _ in random.uniform() }
    let (mean, std) = (Self.normalization.mean, Self.normalization.std)
    let x = backend.makeTensor(
      [count, Self.size, Self.size, 3],
      pixels.enumerated().map { ($1 - mean[$0 % 3]) / std[$0 % 3] })
    let record = try Model(extractor: extractor, head: head)
    let network = try record.makeModel(path: "test", on: backend)
    let context = ForwardContext(
      tape: Tape(on: backend, recording: false), statistics: network.batchNorm.statistics)
    let ours = try backend.download(network(Variable(x), context).value)

    let area = Self.size * Self.size
    let images = ParsedModel.Values(
      shape: [count, 3, Self.size, Self.size],
      numbers: (0..<pixels.count).map { index in
        let (n, c, place) = (index / (3 * area), index / area % 3, index % area)
        return Double(pixels[(n * area + place) * 3 + c])
      })
    let whole = try export(.model(record)).compute(["images": images])
    let features = try export(.component(extractor)).compute(["images": images])
    let apart = try export(.component(head)).compute(features)
    for theirs in [whole, apart] {
      let logits = try #require(theirs["logits"])
      #expect(theirs.count == 1 && logits.shape == [count, 4])
      for (a, b) in zip(ours, logits.numbers) {
        #expect(abs(Double(a) - b) <= 1e-4 * max(1, abs(b)))
      }
    }
    // The logits say something: images differ.
    #expect(abs(ours[0] - ours[4]) > 1e-3)
  }

  /// Stem, max pooling and projections of ImageNet's ResNet.
  @Test func aMaxPoolIsExported() throws {
    try aGraphComputesWhatTheNetworkDoes(
      Architecture(name: .imageNetResNet, split: .stage1, resolution: .standard), .recalibrated)
    let (extractor, _) = try parts(
      Architecture(name: .imageNetResNet, split: .stage1, resolution: .standard), .recalibrated)
    let pool = try #require(
      try export(.component(extractor)).nodes.first { $0.operation == "MaxPool" })
    #expect(
      pool.integers == ["kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "strides": [2, 2]])
  }

  @Test func aFileSaysWhatItIs() throws {
    let architecture = Architecture(split: .stage2)
    let (extractor, head) = try parts(architecture, .batch)
    let (first, second) = (try export(.component(extractor)), try export(.component(head)))
    for model in [first, second] { #expect(model.irVersion == 8 && model.operatorSet == 17) }
    #expect(first.inputs == ["images": ["N", "3", "16", "16"]])
    #expect(first.outputs == ["features": ["N", "32", "8", "8"]])
    #expect(second.inputs == ["features": ["N", "32", "H", "W"]])
    #expect(second.outputs == ["logits": ["N", "4"]])
    // Graphs are joined by prefixes: no name may be in both, but what crosses the cut.
    let names = [first, second].map {
      Set($0.constants.keys).union($0.nodes.flatMap(\.outputs)).union($0.inputs.keys)
    }
    #expect(names[0].intersection(names[1]) == ["features"])
    #expect(Set(first.metadata.keys).isDisjoint(with: second.metadata.keys))

    func values(_ text: String?) throws -> [Any] {
      let json = Data(try #require(text).utf8)
      return try #require(try JSONSerialization.jsonObject(with: json) as? [Any])
    }
    #expect(try values(first.metadata["extractor.mean"]) as? [Double] == [0.5, 0.25, 0.125])
    #expect(first.metadata["extractor.image-size"] == "16")
    #expect(first.metadata["extractor.batch-norm"] == "batch")
    #expect(
      try values(second.metadata["head.classes"]) as? [String]
        == ["cat", "dog", "größer", "a \"b\""])
    let whole = try export(.model(Model(extractor: extractor, head: head)))
    #expect(whole.metadata["extractor.digest"] == extractor.header.digest)
    #expect(whole.metadata["head.digest"] == head.header.digest)
    // Statistics of the batch are computed; none of the files' own is in the graph.
    #expect(!whole.nodes.contains { $0.operation == "BatchNormalization" })
    #expect(!whole.constants.keys.contains { $0.contains("running") })
  }

  @Test func equalComponentsGiveEqualBytes() throws {
    let (extractor, head) = try parts(Architecture(name: .mobileNetV2, width: 0.1), .running)
    let model = ComponentFile.Contents.model(try Model(extractor: extractor, head: head))
    let bytes = try ONNXExport.bytes(of: model, path: "test", on: backend)
    #expect(try ONNXExport.bytes(of: model, path: "another", on: CPUBackend()) == bytes)
  }

  /// A head that states the size of its features takes no other.
  @Test func anAuxiliaryHeadAndAHeadOfOneSizeAreExported() throws {
    let architecture = Architecture(split: .stage3)
    let head = TaskHead(
      architecture: architecture, classNames: ["0", "90", "180", "270"],
      layers: architecture.makeHead(classes: 4, on: backend, seed: 4), spatialSize: 4)
    let record = try Component(AuxiliaryHead(kind: .rotation, head: head), on: backend)
    let model = try export(.component(record))
    #expect(model.inputs == ["features": ["N", "64", "4", "4"]])
    #expect(model.outputs == ["logits": ["N", "4"]])
  }
}
