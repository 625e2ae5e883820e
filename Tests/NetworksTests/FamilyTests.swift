import Autograd
import Foundation
import Networks
import Tensors
import TestSupport
import Testing

/// Wide ResNets, MobileNetV2 and adapters: sizes, cuts, what is refused.
@Suite struct FamilyTests {
  static func features(
    _ architecture: Architecture, size: Int, on backend: any Backend
  ) -> Variable {
    architecture.makeExtractor(on: backend, seed: 0)(
      Variable(Made.images(backend, count: 2, size: size)), context(backend))
  }

  static func context(_ backend: any Backend) -> ForwardContext {
    ForwardContext(
      tape: Tape(on: backend, recording: false), statistics: .batch(updateRunning: false))
  }

  struct Size: Sendable, CustomTestStringConvertible {
    let architecture: Architecture
    let classes: Int
    let parameters: Int
    var testDescription: String { "\(architecture)" }
  }

  /// Of the usual PyTorch versions: xternalz's Wide ResNet, torchvision's MobileNetV2. The Wide
  /// ResNet-56 has 4 times ResNet-56's filters and twice its norms and linear weights.
  static let sizes = [
    Size(architecture: Architecture(name: .wideResNet), classes: 10, parameters: 1_467_610),
    Size(
      architecture: Architecture(name: .wideResNet, depth: 40, width: 1), classes: 10,
      parameters: 563_930),
    Size(
      architecture: Architecture(depth: 56, width: 2), classes: 10,
      parameters: 4 * 848_304 - 2 * 432 + 2 * 4_064 + 1_290),
    Size(architecture: Architecture(name: .mobileNetV2), classes: 1000, parameters: 3_504_872),
    Size(
      architecture: Architecture(name: .mobileNetV2, width: 0.5), classes: 1000,
      parameters: 1_968_680),
    Size(
      architecture: Architecture(name: .imageNetResNet, imageSize: 224), classes: 1000,
      parameters: 11_689_512),
    Size(
      architecture: Architecture(name: .imageNetResNet, depth: 34, imageSize: 224), classes: 1000,
      parameters: 21_797_672),
    Size(
      architecture: Architecture(name: .imageNetResNet, depth: 50, imageSize: 224), classes: 1000,
      parameters: 25_557_032),
    Size(
      architecture: Architecture(name: .imageNetResNet, depth: 101, imageSize: 224), classes: 1000,
      parameters: 44_549_160),
  ]

  @Test(arguments: sizes) func sizeIsThatOfTheUsualVersions(_ size: Size) throws {
    let backend = makeBackend()
    try size.architecture.validate()
    let parameters =
      size.architecture.makeExtractor(on: backend, seed: 0).parameters
      + size.architecture.makeHead(classes: size.classes, on: backend, seed: 0).parameters
    #expect(parameters.reduce(0) { $0 + $1.value.count } == size.parameters)
    #expect(Set(parameters.map(\.name)).count == parameters.count)
  }

  static let cuts: [(Architecture, Int)] =
    Architecture.Name.wideResNet.splits.map {
      (Architecture(name: .wideResNet, depth: 10, split: $0), 32)
    }
    + [1, 2, 3, 4, 6, 7, 11, 13, 14, 17].flatMap { block in
      [
        (Architecture(name: .mobileNetV2, width: 0.25, split: .block(block)), 32),
        (
          Architecture(
            name: .mobileNetV2, width: 0.25, split: .block(block), resolution: .standard), 64
        ),
      ]
    }
    + [(Architecture(depth: 8, width: 3, split: .stage2, adapter: 20), 32)]

  static let imageNetCuts: [(Architecture, Int)] =
    Architecture.Name.imageNetResNet.splits.flatMap { split in
      [
        (Architecture(name: .imageNetResNet, split: split, resolution: .standard), 64),
        (Architecture(name: .imageNetResNet, split: split, resolution: .small), 16),
      ]
    }
    + [
      (
        Architecture(
          name: .imageNetResNet, depth: 50, split: .stage3, adapter: 64, resolution: .standard), 32
      )
    ]

  @Test(arguments: cuts + imageNetCuts) func cutIsWhatCrossesIt(
    _ architecture: Architecture, size: Int
  ) throws {
    let backend = makeBackend()
    try architecture.validate()
    let features = Self.features(architecture, size: size, on: backend)
    let (channels, divisor) = architecture.cut
    #expect(features.shape == [2, size / divisor, size / divisor, channels])
    let head = architecture.makeHead(classes: 7, on: backend, seed: 0)
    #expect(head(features, Self.context(backend)).shape == [2, 7])
  }

  /// Gygli et al. Sec. 5.2 at 32×32: block 11 of 17 gives 8×8, here of 96 channels.
  @Test func mobileNetsEleventhBlockGivesEightByEight() {
    let small = Architecture(name: .mobileNetV2)
    #expect(small.cut == (96, 4))
    #expect(Architecture(name: .mobileNetV2, resolution: .standard).cut == (96, 16))
  }

  @Test func anImageNetResNetIsCutAfterAnyStage() {
    func cut(_ depth: Int, _ stage: Int, _ size: Int) -> [Int] {
      let architecture = Architecture(
        name: .imageNetResNet, depth: depth, split: .stage(stage), imageSize: size)
      return [architecture.cut.channels, architecture.cut.spatialDivisor]
    }
    #expect((1...4).map { cut(18, $0, 224) } == [[64, 4], [128, 8], [256, 16], [512, 32]])
    #expect((1...4).map { cut(50, $0, 224) } == [[256, 4], [512, 8], [1024, 16], [2048, 32]])
    #expect((1...4).map { cut(34, $0, 64) } == [[64, 1], [128, 2], [256, 4], [512, 8]])
    #expect(Architecture(name: .imageNetResNet).description == "imagenet-resnet-18")
  }

  @Test func widthsAreRoundedToMultiplesOfEight() {
    func channels(_ width: Double, _ block: Int) -> Int {
      Architecture(name: .mobileNetV2, width: width, split: .block(block)).cut.channels
    }
    #expect([1, 2, 4, 7, 11, 14, 17].map { channels(1, $0) } == [16, 24, 32, 64, 96, 160, 320])
    #expect([1, 2, 4, 7, 11, 14, 17].map { channels(0.35, $0) } == [8, 8, 16, 24, 32, 56, 112])
    #expect([1, 2, 4, 7, 11, 14, 17].map { channels(1.4, $0) } == [24, 32, 48, 88, 136, 224, 448])
  }

  /// Where a network is cut changes nothing of it, neither weights nor result.
  @Test(arguments: [Architecture.Name.wideResNet, .mobileNetV2])
  func everySplitIsTheSameNetwork(_ name: Architecture.Name) throws {
    let backend = makeBackend()
    let architecture = Architecture(
      name: name, depth: name == .wideResNet ? 10 : nil, width: name == .wideResNet ? 1 : 0.25)
    func network(_ split: Split) throws -> (weights: [String: [Float]], logits: [Float]) {
      var architecture = architecture
      architecture.split = split
      let extractor = architecture.makeExtractor(on: backend, seed: 5)
      let head = architecture.makeHead(classes: 10, on: backend, seed: 5)
      let features = extractor(
        Variable(Made.images(backend, count: 2)), Self.context(backend))
      return (
        try (extractor.parameters + head.parameters).snapshot(on: backend),
        try backend.download(head(features, Self.context(backend)).value)
      )
    }
    let first = try network(name.splits.first!)
    for split in name.splits.dropFirst() {
      let other = try network(split)
      #expect(other.weights == first.weights && other.logits == first.logits, "\(split)")
    }
  }

  /// Sec. 5.2 of the paper: one head, MobileNetV2's tail from block 12 on, for three extractors;
  /// the block takes 64 channels instead of 96 and so has no identity shortcut.
  @Test func oneHeadTakesTheFeaturesOfThreeArchitectures() throws {
    let backend = makeBackend()
    let mobile = Architecture(name: .mobileNetV2, adapter: 64)
    let head = mobile.makeHead(classes: 5, on: backend, seed: 1)
    #expect(head.parameters[0].name == "features.12.conv.0.0.weight")
    #expect(head.parameters[0].value.shape == [1, 1, 64, 384])
    #expect((head.layers[0] as? InvertedResidual)?.isResidual == false)
    let own = Architecture(name: .mobileNetV2).makeHead(classes: 5, on: backend, seed: 1)
    #expect((own.layers[0] as? InvertedResidual)?.isResidual == true)
    for architecture in [
      mobile, Architecture(depth: 8, adapter: 64), Architecture(depth: 8, width: 2, adapter: 64),
      Architecture(name: .wideResNet, depth: 10, adapter: 64),
    ] {
      try architecture.validate()
      #expect(architecture.cut.channels == 64)
      let features = Self.features(architecture, size: 32, on: backend)
      #expect(features.shape[3] == 64)
      #expect(head(features, Self.context(backend)).shape == [2, 5])
    }
  }

  /// The adapter comes on top: no other weight changes.
  @Test func anAdapterChangesNoOtherWeight() throws {
    let backend = makeBackend()
    func weights(adapter: Int?) throws -> [String: [Float]] {
      try Architecture(depth: 8, adapter: adapter).makeExtractor(on: backend, seed: 3).parameters
        .snapshot(on: backend)
    }
    var with = try weights(adapter: 64)
    for name in ["adapter.0.weight", "adapter.1.weight", "adapter.1.bias"] {
      #expect(with.removeValue(forKey: name) != nil)
    }
    #expect(with == (try weights(adapter: nil)))
  }

  static let wrong: [(Architecture, String, String)] = [
    (
      Architecture(name: .wideResNet, depth: 56), "depth",
      "a Wide ResNet's depth is 6n + 4 (10, 16, 22, 34, 46, 58, …), got 56; the nearest are 52 "
        + "and 58"
    ),
    (
      Architecture(name: .mobileNetV2, depth: 50), "depth",
      "MobileNetV2 has 53 layers and no choice, got 50; leave it out"
    ),
    (
      Architecture(depth: 1208), "depth",
      "a ResNet's depth is 6n + 2 (8, 14, 20, 32, 44, 56, …), got 1208; the nearest are 1196 and "
        + "1202"
    ),
    (
      Architecture(depth: 8, width: 1.5), "width",
      "a resnet's width is a whole number from 1 to 32, got 1.5"
    ),
    (
      Architecture(name: .wideResNet, width: .nan), "width",
      "a wide-resnet's width is a whole number from 1 to 32, got nan"
    ),
    (
      Architecture(depth: 1202, width: 32), "width",
      "depth · width² is at most 16384, got depth 1202 and width 32"
    ),
    (
      Architecture(name: .mobileNetV2, width: 5), "width",
      "MobileNetV2's width is from 0.05 to 4, got 5.0"
    ),
    (
      Architecture(depth: 8, split: .block(2)), "split",
      "a resnet is cut after stage1 to stage3, got block2"
    ),
    (
      Architecture(name: .mobileNetV2, split: .block(18)), "split",
      "a mobilenet-v2 is cut after block1 to block17, got block18"
    ),
    (
      Architecture(depth: 8, resolution: .small), "resolution",
      "is ImageNet ResNet's and MobileNetV2's alone, a resnet has none; leave it out"
    ),
    (
      Architecture(name: .imageNetResNet, depth: 152), "depth",
      "an ImageNet ResNet's depth is 18, 34, 50 or 101, got 152"
    ),
    (
      Architecture(depth: 8, adapter: 0), "adapter", "has from 1 to 4096 channels, got 0"
    ),
    (
      Architecture(depth: 8, adapter: 65), "adapter",
      "has at most the 64 channels of the ResNet's next stage, whose shortcut can only add some, "
        + "got 65; shortcut: projection can take any away"
    ),
  ]

  @Test(arguments: wrong)
  func whatCannotBeBuiltIsSaid(
    _ architecture: Architecture, _ key: String, _ message: String
  ) throws {
    let error = try #require(throws: ArchitectureError.self) { try architecture.validate() }
    #expect(error.key == key)
    #expect(error.description == message)
  }

  @Test func widestOfTheAdaptationExperimentsIsValid() throws {
    try Architecture(name: .wideResNet, depth: 28, width: 16).validate()
  }

  // MARK: As JSON

  static func json(_ architecture: Architecture) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return String(decoding: try encoder.encode(architecture), as: UTF8.self)
  }

  @Test func aPlainResNetIsWrittenAsItAlwaysWas() throws {
    let text = #"{"depth":8,"name":"resnet","split":"stage2"}"#
    #expect(try Self.json(Architecture(depth: 8)) == text)
    #expect(
      try JSONDecoder().decode(Architecture.self, from: Data(text.utf8)) == Architecture(depth: 8))
  }

  @Test(arguments: sizes.map(\.architecture) + (cuts + imageNetCuts).map(\.0))
  func architecturesComeBackFromJSON(_ architecture: Architecture) throws {
    let data = Data(try Self.json(architecture).utf8)
    #expect(try JSONDecoder().decode(Architecture.self, from: data) == architecture)
  }

  @Test func splitsAreReadExactly() {
    #expect(Split(rawValue: "stage2") == .stage2)
    #expect(Split(rawValue: "block11") == .block(11))
    for text in ["stage02", "stage", "block0", "block-1", "Stage2", "stage2 ", "11"] {
      #expect(Split(rawValue: text) == nil, "\(text)")
    }
  }

  @Test func depthwiseFiltersStartWithVarianceTwoOverTaps() {
    let values = Initializer.heFanOut(depthwise: [3, 3, 960], seed: 3, stream: 4)
    let variance = values.reduce(0.0) { $0 + Double($1 * $1) } / Double(values.count)
    // Four standard errors of 8,640 draws.
    #expect(abs(variance / (2.0 / 9) - 1) <= 4 * (2.0 / 8640).squareRoot())
  }
}
