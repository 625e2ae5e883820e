import Autograd
import Foundation
import Networks
import Tensors
import TestSupport
import Testing

/// A family of another package: one file (`PlainStack`) and one call.
@Suite struct OpenFamilyTests {
  init() throws { try NetworkFamilies.register(PlainStack.self) }

  private func message(_ architecture: Architecture) -> String? {
    do {
      try architecture.validate()
      return nil
    } catch {
      return "\(error.key): \(error)"
    }
  }

  @Test(arguments: [1, 2], [nil, 6])
  func extractorAndHeadMeetAtTheCut(_ unit: Int, _ adapter: Int?) throws {
    let backend = makeBackend()
    let architecture = Architecture(
      name: PlainStack.name, depth: 6, width: 2, split: Split("unit", unit), adapter: adapter)
    try architecture.validate()
    #expect(architecture.cut == (adapter ?? 8 * unit, unit))
    #expect(architecture.cutActivation == (adapter == nil ? .relu : .none))
    let context = FamilyTests.context(backend)
    let features = architecture.makeExtractor(on: backend, seed: 1)(
      Variable(Made.images(backend, count: 2, size: 8)), context)
    #expect(features.shape == [2, 8 / unit, 8 / unit, adapter ?? 8 * unit])
    let head = architecture.makeHead(classes: 5, on: backend, seed: 1)
    #expect(head(features, context).shape == [2, 5])
    #expect(head.parameters.last?.name == "output.bias")
  }

  @Test func whereItIsCutChangesNoWeight() throws {
    let backend = makeBackend()
    let networks = try PlainStack.splits.map { split in
      let architecture = Architecture(name: "plain-stack", split: split)
      return try
        (architecture.makeExtractor(on: backend, seed: 5).parameters
        + architecture.makeHead(classes: 3, on: backend, seed: 5).parameters)
        .snapshot(on: backend)
    }
    #expect(networks[0] == networks[1] && networks[0].count == 9)
  }

  @Test func whatIsWrongIsOneMessage() {
    #expect(message(Architecture(name: "plain-stack")) == nil)
    #expect(
      message(Architecture(name: "plain-stack", depth: 7))
        == "depth: a plain stack's depth is even, from 4 to 20, got 7")
    #expect(
      message(Architecture(name: "plain-stack", split: .stage2))
        == "split: a plain-stack is cut after unit1 to unit2, got stage2")
    #expect(
      message(Architecture(name: "plain-stack", resolution: .small))
        == "resolution: is ImageNet ResNet's and MobileNetV2's alone, a plain-stack has none; leave it out"
    )
    #expect(
      message(Architecture(name: "vgg"))
        == "name: there is no network “vgg”; known are resnet, wide-resnet, imagenet-resnet, mobilenet-v2, "
        + "plain-stack (a family of another package has to be registered first)")
  }

  @Test func itsJSONSaysAllOfIt() throws {
    let architecture = Architecture(name: "plain-stack", split: Split("unit", 2))
    let text = #"{"depth":4,"name":"plain-stack","split":"unit2","width":1}"#
    #expect(try FamilyTests.json(architecture) == text)
    #expect("\(architecture)" == "plain-stack-4")
    #expect(
      try JSONDecoder().decode(Architecture.self, from: Data(text.utf8)) == architecture)
    let unknown = Data(text.replacingOccurrences(of: "plain-stack", with: "vgg").utf8)
    let error = #expect(throws: ArchitectureError.self) {
      try JSONDecoder().decode(Architecture.self, from: unknown)
    }
    #expect(error?.key == "name")
  }

  // MARK: The registry

  /// Says that it is something else.
  struct Impostor<Told: Names>: NetworkFamily {
    static var name: Architecture.Name { Told.name }
    static var title: String { "Impostor" }
    static var settings: Set<NetworkSetting> { [] }
    static var defaultDepth: Int { 1 }
    static var defaultWidth: Double { 1 }
    static var defaultSplit: Split { .stage2 }
    static var splits: [Split] { Told.splits }
    static func validate(_ architecture: Architecture) throws(ArchitectureError) {}

    init(_ architecture: Architecture) {}
    var stemChannels: Int { 3 }
    var pieces: [Piece] { [] }
    var classifier: String { "output" }
    func stem(_ fresh: FreshWeights) -> [any Layer] { [] }
    func piece(_ index: Int, inputChannels: Int, _ fresh: FreshWeights) -> [any Layer] { [] }
  }

  protocol Names: Sendable {
    static var name: Architecture.Name { get }
    static var splits: [Split] { get }
  }
  enum ResNets: Names {
    static let (name, splits) = (Architecture.Name.resnet, [Split.stage2])
  }
  enum Stacks: Names { static let (name, splits) = (PlainStack.name, [Split.stage2]) }
  enum NoName: Names {
    static let (name, splits) = ("Two words" as Architecture.Name, [Split.stage2])
  }
  enum NoCut: Names {
    static let (name, splits) = ("no-cut" as Architecture.Name, [Split.stage1])
  }

  @Test func aNameIsTakenOnce() throws {
    func refused(_ family: any NetworkFamily.Type, _ key: String, _ part: String) {
      let error = #expect(throws: ArchitectureError.self) {
        try NetworkFamilies.register(family)
      }
      #expect(error?.key == key && error?.description.contains(part) == true, "\(error!)")
    }
    refused(Impostor<ResNets>.self, "name", "“resnet” is Networks.ResNet already")
    refused(Impostor<Stacks>.self, "name", "“plain-stack” is TestSupport.PlainStack already")
    refused(Impostor<NoName>.self, "name", "got “Two words”")
    refused(Impostor<NoCut>.self, "split", "the default one stage2")
    // Again is nothing.
    try NetworkFamilies.register(PlainStack.self)
    #expect(
      NetworkFamilies.names
        == [.resnet, .wideResNet, .imageNetResNet, .mobileNetV2, "plain-stack"])
  }

  @Test func splitsOfAnyKindAreReadExactly() {
    #expect(Split(rawValue: "unit2") == Split("unit", 2))
    #expect(Split(rawValue: "unit2")?.rawValue == "unit2")
    for text in ["", "unit", "2", "unit 2", "unit-2", "unit+2", "Unit2", "ünit2", "unit2a"] {
      #expect(Split(rawValue: text) == nil, "\(text)")
    }
  }

  @Test func aDescriptionIsTheForwardPass() {
    let backend = makeBackend()
    let architecture = Architecture(name: "plain-stack", split: Split("unit", 2))
    let graph = LayerGraph(of: architecture.makeExtractor(on: backend, seed: 0))
    #expect(graph.steps.count == 8 && graph.output.index == 8)
    #expect(graph.steps.map { $0.inputs.map(\.index) } == (0..<8).map { [$0] })
    #expect(
      graph.steps[0].operation
        == .convolution(weight: "stem.weight", kernelSize: 3, stride: 1, padding: 1, groups: 1))
    #expect(graph.steps[4].operation == .averagePool(window: 2, stride: 2))
    #expect(graph.steps[7].operation == .activation(.relu))
  }
}
