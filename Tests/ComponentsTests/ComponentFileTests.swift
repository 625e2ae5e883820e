import Autograd
import BackendCPU
import Components
import Datasets
import Files
import Foundation
import Networks
import Tensors
import Testing

@Suite struct ComponentFileTests {
  let backend = CPUBackend(threads: 2)
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
    "dovetail-components-\(UUID().uuidString)")
  static let architecture = Architecture(depth: 8, split: .stage2)
  static let preprocessing = Preprocessing(
    imageSize: 16, normalization: Normalization(mean: [0.1, 0.2, 0.3], std: [0.4, 0.5, 0.6]))

  init() throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  func extractor(seed: UInt64 = 1) -> FeatureExtractor {
    FeatureExtractor(
      architecture: Self.architecture, preprocessing: Self.preprocessing,
      layers: Self.architecture.makeExtractor(on: backend, seed: seed))
  }

  func head(_ classNames: [String] = ["a", "b", "c"], seed: UInt64 = 1) -> TaskHead {
    TaskHead(
      architecture: Self.architecture, classNames: classNames,
      layers: Self.architecture.makeHead(classes: classNames.count, on: backend, seed: seed))
  }

  func state(_ layers: Sequential) throws -> [String: [Float]] {
    var state = try layers.parameters.snapshot(on: backend)
    for buffer in layers.buffers { state[buffer.name] = try backend.download(buffer.value) }
    return state
  }

  func written(_ name: String) throws -> SafetensorsFile {
    try SafetensorsFile(bytes: [UInt8](try Data(contentsOf: URL(fileURLWithPath: path(name)))))
  }

  /// Saves a component, changes the file, and expects it to be refused.
  func refuses(
    _ message: String, isHead: Bool = false, _ change: (inout SafetensorsFile) throws -> Void
  ) throws {
    let path = path("changed.safetensors")
    if isHead {
      try ComponentFile.save(head(), to: path, on: backend)
    } else {
      try ComponentFile.save(extractor(), to: path, on: backend)
    }
    var file = try written("changed.safetensors")
    try change(&file)
    try AtomicFile.write(file.bytes, to: path)
    let error = #expect(throws: FileError.self) {
      if isHead {
        _ = try ComponentFile.loadHead(path, on: backend)
      } else {
        _ = try ComponentFile.loadExtractor(path, on: backend)
      }
    }
    #expect(error?.kind == .malformed)
    #expect(error?.description.hasPrefix(path) == true)
    #expect(error?.description.contains(message) == true, "\(error!)")
  }

  @Test func anExtractorComesBackWithItsRunningStatisticsAndPreprocessing() throws {
    let saved = extractor()
    backend.fill(saved.layers.buffers[0].value, with: 0.25)
    try ComponentFile.save(saved, to: path("e"), on: backend)
    let loaded = try ComponentFile.loadExtractor(path("e"), on: backend)
    #expect(try state(loaded.layers) == state(saved.layers))
    #expect(loaded.architecture == Self.architecture)
    #expect(loaded.preprocessing == Self.preprocessing)
  }

  @Test func headsComeBackWithTheirClassesAndTask() throws {
    let saved = head(["cat", "dog “x”", "ship\n"])
    try ComponentFile.save(saved, to: path("h"), on: backend)
    let loaded = try ComponentFile.loadHead(path("h"), on: backend)
    #expect(try state(loaded.layers) == state(saved.layers))
    #expect(loaded.classNames == saved.classNames)

    let rotation = AuxiliaryHead(kind: .rotation, head: head(["0", "90", "180", "270"]))
    try ComponentFile.save(rotation, to: path("r"), on: backend)
    let again = try ComponentFile.loadAuxiliaryHead(path("r"), on: backend)
    #expect(again.kind == .rotation)
    #expect(try state(again.head.layers) == state(rotation.head.layers))
    #expect(!again.isFrozen)
  }

  @Test(arguments: [
    Architecture(name: .wideResNet, depth: 10, width: 1, adapter: 24),
    Architecture(name: .mobileNetV2, width: 0.25, split: .block(4)),
  ])
  func otherArchitecturesComeBack(_ architecture: Architecture) throws {
    let extractor = FeatureExtractor(
      architecture: architecture, preprocessing: Self.preprocessing,
      layers: architecture.makeExtractor(on: backend, seed: 1))
    let head = TaskHead(
      architecture: architecture, classNames: ["a", "b"],
      layers: architecture.makeHead(classes: 2, on: backend, seed: 1))
    try ComponentFile.save(extractor, to: path("e"), on: backend)
    try ComponentFile.save(head, to: path("h"), on: backend)
    let loaded = (
      try ComponentFile.loadExtractor(path("e"), on: backend),
      try ComponentFile.loadHead(path("h"), on: backend)
    )
    #expect(loaded.0.architecture == architecture && loaded.1.architecture == architecture)
    #expect(try state(loaded.0.layers) == state(extractor.layers))
    #expect(try state(loaded.1.layers) == state(head.layers))
  }

  /// A depthwise filter [R, S, C] is PyTorch's [C, 1, R, S].
  @Test func filesHoldDepthwiseFiltersAsChannelOneRowColumn() throws {
    let architecture = Architecture(name: .mobileNetV2, width: 0.25, split: .block(1))
    let saved = architecture.makeExtractor(on: backend, seed: 1)
    try ComponentFile.save(
      FeatureExtractor(
        architecture: architecture, preprocessing: Self.preprocessing, layers: saved),
      to: path("e"), on: backend)
    let name = "features.1.conv.0.0.weight"
    let filter = try #require(saved.parameters.first { $0.name == name })
    let inside = try backend.download(filter.value)
    let outside = try #require(try written("e").tensors[name])
    #expect(filter.value.shape == [3, 3, 8] && outside.shape == [8, 1, 3, 3])
    for (r, s, c) in [(0, 0, 0), (0, 1, 0), (1, 0, 7), (2, 1, 5)] {
      #expect(outside.values[c * 9 + r * 3 + s] == inside[(r * 3 + s) * 8 + c])
    }
  }

  @Test func equalComponentsGiveEqualFilesAndNothingIsLeftBeside() throws {
    try ComponentFile.save(extractor(seed: 5), to: path("one"), on: backend)
    try ComponentFile.save(extractor(seed: 5), to: path("two"), on: backend)
    #expect(
      try Data(contentsOf: folder.appendingPathComponent("one"))
        == Data(contentsOf: folder.appendingPathComponent("two")))
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["one", "two"])
  }

  @Test func filesHoldFiltersAsOutputInputRowColumn() throws {
    let saved = extractor()
    let filter = saved.layers.parameters[0]
    #expect(filter.name == "conv1.weight" && filter.value.shape == [3, 3, 3, 16])
    try ComponentFile.save(saved, to: path("e"), on: backend)
    let inside = try backend.download(filter.value)
    let outside = try #require(try written("e").tensors["conv1.weight"])
    #expect(outside.shape == [16, 3, 3, 3])
    for (k, c, r, s) in [(0, 0, 0, 0), (5, 2, 0, 1), (15, 1, 2, 0), (7, 0, 1, 2)] {
      #expect(
        outside.values[((k * 3 + c) * 3 + r) * 3 + s] == inside[((r * 3 + s) * 3 + c) * 16 + k])
    }
  }

  @Test func filesHoldLinearWeightsAsOutputInput() throws {
    let saved = head()
    try ComponentFile.save(saved, to: path("h"), on: backend)
    let weight = try #require(saved.layers.parameters.first { $0.name == "linear.weight" })
    let inside = try backend.download(weight.value)
    let outside = try #require(try written("h").tensors["linear.weight"])
    #expect(weight.value.shape == [64, 3] && outside.shape == [3, 64])
    for (k, c) in [(0, 0), (2, 63), (1, 17)] {
      #expect(outside.values[k * 64 + c] == inside[c * 3 + k])
    }
  }

  @Test func loadingIsStrict() throws {
    try refuses("tensor “conv1.weight” is missing") { $0.tensors["conv1.weight"] = nil }
    try refuses("tensor “bn1.running_mean” is missing") { $0.tensors["bn1.running_mean"] = nil }
    try refuses("tensor “extra” is none of this architecture's") {
      $0.tensors["extra"] = .init(shape: [1], values: [0])
    }
    try refuses("tensor “bn1.weight”: expected shape [16], got [17]") {
      $0.tensors["bn1.weight"] = .init(shape: [17], values: [Float](repeating: 0, count: 17))
    }
    try refuses("expected shape [3], one an output, got [2]", isHead: true) {
      $0.tensors["linear.bias"] = .init(shape: [2], values: [0, 0])
    }
    try refuses("expected shape [2], one an output, got [3]", isHead: true) {
      $0.metadata["classes"] = "[\"a\",\"b\"]"
    }
    try refuses("expected class names, each once", isHead: true) {
      $0.metadata["classes"] = "[\"a\",\"b\",\"a\"]"
    }
  }

  @Test func metadataAreNotTrusted() throws {
    try refuses("metadata “format” is absent") { $0.metadata["format"] = nil }
    try refuses("expected a component of kind extractor, head or auxiliary-head, got model") {
      $0.metadata["kind"] = "model"
    }
    try refuses("metadata “preprocessing” is none of a component of kind head") {
      $0.metadata["kind"] = "head"
    }
    try refuses("metadata “architecture” is missing") { $0.metadata["architecture"] = nil }
    try refuses("metadata “architecture” cannot be understood: there is no network “vgg”") {
      $0.metadata["architecture"] = "{\"name\":\"vgg\"}"
    }
    try refuses("metadata “interface” is missing") { $0.metadata["interface"] = nil }
    try refuses("metadata “author” is none of a component of kind extractor") {
      $0.metadata["author"] = "me"
    }
    try refuses("metadata “architecture” cannot be understood") {
      $0.metadata["architecture"] =
        "{\"depth\":8,\"depth\":14,\"name\":\"resnet\",\"split\":\"stage2\"}"
    }
    func depth(_ depth: Int) -> String {
      "{\"depth\":\(depth),\"name\":\"resnet\",\"split\":\"stage2\"}"
    }
    try refuses("a ResNet's depth is 6n + 2 (8, 14, 20, 32, 44, 56, …), got \(Int.min)") {
      $0.metadata["architecture"] = depth(.min)
    }
    try refuses("a ResNet's depth is 6n + 2 (8, 14, 20, 32, 44, 56, …), got \(Int.max)") {
      $0.metadata["architecture"] = depth(.max)
    }
    try refuses("depth · width² is at most 16384") {
      $0.metadata["architecture"] =
        "{\"depth\":1202,\"name\":\"resnet\",\"split\":\"stage2\",\"width\":32}"
    }
    try refuses("a ResNet's depth is 6n + 2") { $0.metadata["architecture"] = depth(9) }
    func preprocessing(_ size: Int, mean: String, std: String) -> String {
      "{\"imageSize\":\(size),\"normalisation\":{\"mean\":\(mean),\"std\":\(std)}}"
    }
    try refuses("expected three finite means and three positive standard deviations") {
      $0.metadata["preprocessing"] = preprocessing(16, mean: "[0.5,0.5]", std: "[1,1,1]")
    }
    try refuses("expected three finite means and three positive standard deviations") {
      $0.metadata["preprocessing"] = preprocessing(16, mean: "[0,0,0]", std: "[1,0,1]")
    }
    try refuses("expected an image size from 8 to 512, a multiple of 4, got 1000000") {
      $0.metadata["preprocessing"] = preprocessing(1_000_000, mean: "[0,0,0]", std: "[1,1,1]")
    }
  }

  @Test func theInterfaceHasToFollowFromTheArchitecture() throws {
    func changed(_ from: String, _ to: String) throws {
      for isHead in [false, true] {
        try refuses("metadata “interface” does not follow from the architecture", isHead: isHead) {
          let text = try #require($0.metadata["interface"])
          #expect(text.contains(from))
          $0.metadata["interface"] = text.replacingOccurrences(of: from, with: to)
        }
      }
    }
    try changed("\"channels\":32", "\"channels\":64")
    try changed("\"activation\":\"relu\"", "\"activation\":\"none\"")
  }

  @Test func otherWeightsThanThoseWrittenAreRefused() throws {
    try refuses("its weights are not those that it was written with") {
      $0.tensors["bn1.weight"]?.values[3] += 1e-7
    }
    try refuses("metadata “digest” is no SHA-256") { $0.metadata["digest"] = "abc" }
  }

  /// SHA-256 of a text that Python's hashlib agrees with.
  @Test func digestsAreSHA256OfNamesShapesAndValues() throws {
    let tensors: [String: SafetensorsFile.Entry] = [
      "b": .init(shape: [2], values: [1, -2]), "a.weight": .init(shape: [1, 2], values: [0.5, 3]),
    ]
    #expect(
      Digest.weights(tensors) == "dd23d57d94648c3c2737fbfc81c986d039d8da0d3726732a1e96968787ea3925")
    #expect(
      Digest.hex(Array("abc".utf8))
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  }

  @Test func stampsComeBack() throws {
    let anchor = Anchor(.rotationHead, String(repeating: "0a", count: 32))
    var lineage = Lineage(origin: .training)
    lineage.task = "cats “and” dogs"
    lineage.seed = UInt64(Int.max)
    lineage.partners = [.init(role: "extractor", name: "b", digest: anchor.digest)]
    let stamp = ComponentStamp(
      batchNorm: .recalibrated, featureSpace: FeatureSpace([anchor, anchor]), lineage: lineage)
    let saved = extractor()
    saved.stamp = stamp
    try ComponentFile.save(saved, to: path("e"), on: backend)
    let loaded = try ComponentFile.loadExtractor(path("e"), on: backend)
    #expect(loaded.stamp == stamp && loaded.stamp.featureSpace.anchors == [anchor])
    #expect(
      loaded.interface
        == Interface(channels: 32, activation: .relu, spatialSize: 8, batchNorm: .recalibrated))
    let record = try ComponentFile.read(path("e"))
    #expect(record.header.digest == Digest.weights(try written("e").tensors))
  }

  @Test func aComponentWithoutFeatureSpaceIsReadAndHasNone() throws {
    try ComponentFile.save(head(), to: path("h"), on: backend)
    var file = try written("h")
    file.metadata["feature-space"] = nil
    try AtomicFile.write(file.bytes, to: path("h"))
    let loaded = try ComponentFile.loadHead(path("h"), on: backend)
    #expect(loaded.stamp.featureSpace.isUnknown)
    #expect(loaded.interface.spatialSize == nil)
  }

  @Test func whatIsNotThereOrNoComponentIsSaid() throws {
    let missing = #expect(throws: FileError.self) {
      try ComponentFile.loadHead(path("nothing"), on: backend)
    }
    #expect(missing?.kind == .missing)
    try Data("GIF89a, no component".utf8).write(to: folder.appendingPathComponent("image"))
    let malformed = #expect(throws: FileError.self) {
      try ComponentFile.loadHead(path("image"), on: backend)
    }
    #expect(malformed?.kind == .malformed)
    let unwritable = #expect(throws: FileError.self) {
      try ComponentFile.save(head(), to: path("image/h"), on: backend)
    }
    #expect(unwritable?.kind == .cannotWrite)
  }
}
