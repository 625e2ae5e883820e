import Autograd
import Components
import Datasets
import Files
import Foundation
import Networks
import Tensors
import TestSupport
import Testing

/// Extractors whose channels were moved or mixed, and what says so.
@Suite struct AlignedComponentTests {
  let backend = makeBackend()
  static let anchor = Anchor(.rotationHead, String(repeating: "1", count: 64))
  static let other = Anchor(.sharedHead, String(repeating: "2", count: 64))

  private func extractor(_ architecture: Architecture) throws -> Component {
    let layers = architecture.makeExtractor(on: backend, seed: 5)
    var random = RandomStream(seed: 9, .diagnostics)
    for parameter in layers.parameters where parameter.value.shape.rank == 1 {
      backend.upload(
        (0..<parameter.value.count).map { _ in 0.5 + random.uniform() }, to: parameter.value)
    }
    return try Component(
      FeatureExtractor(
        architecture: architecture,
        preprocessing: Preprocessing(
          imageSize: 16, normalization: Normalization(mean: [0, 0, 0], std: [1, 1, 1])),
        layers: layers,
        stamp: ComponentStamp(featureSpace: FeatureSpace([Self.other]))), on: backend)
  }

  private func features(_ component: Component) throws -> (channels: Int, values: [Float]) {
    let extractor = try component.makeExtractor(path: "test", on: backend)
    var random = RandomStream(seed: 3, .syntheticImages)
    let x = backend.makeTensor([4, 16, 16, 3], (0..<3072).map { _ in random.uniform() })
    let y = extractor(
      Variable(x),
      ForwardContext(
        tape: Tape(on: backend, recording: false), statistics: .batch(updateRunning: false)))
    return (y.shape.sizes.last!, try backend.download(y.value))
  }

  static let movable: [Architecture] = [
    Architecture(split: .stage2, shortcut: .projection), Architecture(split: .stage2, adapter: 24),
    Architecture(split: .stage1), Architecture(name: .wideResNet, depth: 10, split: .stage2),
    Architecture(name: .wideResNet, depth: 16, split: .stage3),
    Architecture(name: .mobileNetV2, width: 0.25, split: .block(12)),
    Architecture(name: .mobileNetV2, width: 0.25, split: .block(11), adapter: 8),
  ]

  @Test(arguments: movable)
  func channelsMoveByTheWeightsAlone(_ architecture: Architecture) throws {
    let component = try extractor(architecture)
    var random = RandomStream(seed: 2, .channelOrder)
    let order = random.permutation(component.header.interface.channels)
    let moved = try #require(component.reordered(order, on: backend))
    #expect(moved.header.digest != component.header.digest)
    let (before, after) = (try features(component), try features(moved))
    for (index, value) in after.values.enumerated() {
      let (row, channel) = (index / after.channels, index % after.channels)
      let expected = before.values[row * after.channels + order[channel]]
      #expect(abs(value - expected) <= 1e-4 * max(1, abs(expected)))
    }
    let same = try #require(component.reordered(Array(0..<order.count), on: backend))
    #expect(same.tensors == component.tensors)
    // Back again, to the bit.
    var back = order
    for (place, source) in order.enumerated() { back[source] = place }
    #expect(try #require(moved.reordered(back, on: backend)).tensors == component.tensors)
  }

  /// A ResNet's shortcut of option A has its channels in fixed places.
  @Test func channelsThatAreFixedDoNotMove() throws {
    let component = try extractor(Architecture(split: .stage2))
    #expect(component.reordered(Array((0..<32).reversed()), on: backend) == nil)
  }

  @Test func anAffineAdapterIsReadAndWritten() throws {
    let component = try extractor(Architecture(split: .stage2))
    // Channel k is twice channel 31 − k, less one half.
    var weight = [Float](repeating: 0, count: 32 * 32)
    for k in 0..<32 { weight[k * 32 + 31 - k] = 2 }
    let mapped = try component.withAffineAdapter(
      weight: weight, bias: [Float](repeating: -0.5, count: 32), activation: .relu
    ).stated(in: FeatureSpace([Self.anchor]).aligned, lineage: Lineage(origin: .alignment))
    let contents = try ComponentFile.Contents(bytes: try mapped.file.bytes, path: "test")
    guard case .component(let read) = contents else { preconditionFailure("a component") }
    #expect(read.header == mapped.header && read.tensors == mapped.tensors)
    #expect(read.header.architecture.affineAdapter == .init(channels: 32, activation: .relu))
    #expect(read.header.featureSpace.isAligned)
    let (before, after) = (try features(component).values, try features(read).values)
    for (index, value) in after.enumerated() {
      let source = before[index / 32 * 32 + 31 - index % 32]
      #expect(abs(value - max(0, 2 * source - 0.5)) < 1e-5)
    }
    // It reaches networks whose next stage could not take it.
    let wide = try component.withAffineAdapter(
      weight: [Float](repeating: 0, count: 32 * 200), bias: [Float](repeating: 0, count: 200),
      activation: .none)
    #expect(wide.header.interface.channels == 200 && wide.header.interface.activation == .none)
    _ = try ComponentFile.Contents(bytes: try wide.file.bytes, path: "test")
    #expect(throws: ArchitectureError.self) {
      _ = try component.withAffineAdapter(
        weight: [Float](repeating: 0, count: 32 * 5000), bias: [Float](repeating: 0, count: 5000),
        activation: .none)
    }
  }

  @Test func importKnowsAnAffineAdapter() throws {
    var architecture = Architecture(depth: 8, split: .stage2)
    architecture.affineAdapter = .init(channels: 20, activation: .relu)
    let extractor = try extractor(architecture)
    let head = try Component(
      TaskHead(
        architecture: architecture, classNames: ["a", "b"],
        layers: architecture.makeHead(classes: 2, on: backend, seed: 1)), on: backend)
    let path = FileManager.default.temporaryDirectory
      .appendingPathComponent("affine-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let file = SafetensorsFile(
      tensors: extractor.tensors.merging(head.tensors) { $1 }, metadata: [:])
    try AtomicFile.write(try file.bytes, to: path)
    var options = WeightImport.Options(
      classNames: ["a", "b"], preprocessing: extractor.header.preprocessing!)
    options.split = .stage2
    options.batchNorm = .batch
    let found = try WeightImport(path, options)
    #expect(found.architecture == architecture)
    let parts = try found.components(on: backend)
    #expect(try Component(parts.0, on: backend).tensors == extractor.tensors)
    #expect(try Component(parts.1, on: backend).tensors == head.tensors)
  }

  // MARK: Anchors

  @Test func anAnchorReachedByAlignmentCountsAndSaysSo() throws {
    let (one, two) = (Self.anchor, Self.other)
    let space = FeatureSpace([one, two])
    let aligned = space.aligned
    #expect(aligned.isAligned && !space.isAligned && !FeatureSpace().isAligned)
    #expect(aligned.shared(with: FeatureSpace([two])) == [two.aligned])
    #expect(FeatureSpace([two]).shared(with: aligned) == [two.aligned])
    #expect(space.shared(with: space) == space.anchors)
    #expect(two.aligned.description == "shared-head 222222222222 (by alignment)")
    // Once and truly: what was trained against the head itself.
    #expect(FeatureSpace([one.aligned, one]).anchors == [one])
    #expect(
      FeatureSpace.ofExtractor(startedFrom: aligned, frozen: [one]).anchors == [one, two.aligned])
    #expect(
      FeatureSpace.ofExtractor(startedFrom: aligned, trained: [two]).anchors == [two])
    let json = try JSONEncoder().encode(aligned)
    #expect(try JSONDecoder().decode(FeatureSpace.self, from: json) == aligned)
    #expect(!String(decoding: try JSONEncoder().encode(space), as: UTF8.self).contains("aligned"))
  }

  @Test func alignedPartsCanBeRefused() throws {
    let interface = Interface(channels: 32, activation: .relu, spatialSize: nil, batchNorm: .batch)
    func fit(_ space: [Anchor]) -> Fit {
      Fit(
        extractor: interface, in: FeatureSpace(space), head: interface,
        in: FeatureSpace([Self.anchor]))
    }
    let aligned = fit([Self.anchor.aligned])
    #expect(aligned.mismatches.isEmpty && aligned.isAligned)
    try aligned.require()
    let error = #expect(throws: MisfitError.self) { try aligned.require(allowAligned: false) }
    #expect(
      error?.description.contains(
        "aligned, not trained together: rotation-head 111111111111 (by alignment)") == true)
    try fit([Self.anchor, Self.other.aligned]).require(allowAligned: false)
    #expect(throws: MisfitError.self) { try fit([Self.other.aligned]).require() }
  }
}
