import Components
import Datasets
import Files
import Foundation
import Networks
import Tensors
import TestSupport
import Testing

/// Components and weight files of a family that another package adds (`PlainStack`).
@Suite struct OpenFamilyTests {
  let backend = makeBackend()
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
    "dovetail-family-\(UUID().uuidString)")
  static let preprocessing = Preprocessing(
    imageSize: 16, normalization: Normalization(mean: [0.1, 0.2, 0.3], std: [0.4, 0.5, 0.6]))
  let architecture = Architecture(
    name: "plain-stack", depth: 6, width: 2, split: Split("unit", 1))

  init() throws {
    try NetworkFamilies.register(PlainStack.self)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  private func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  private func parts(
    _ architecture: Architecture
  ) -> (extractor: FeatureExtractor, head: TaskHead) {
    (
      FeatureExtractor(
        architecture: architecture, preprocessing: Self.preprocessing,
        layers: architecture.makeExtractor(on: backend, seed: 1)),
      TaskHead(
        architecture: architecture, classNames: ["a", "b"],
        layers: architecture.makeHead(classes: 2, on: backend, seed: 1))
    )
  }

  private func weights(_ layers: Sequential...) throws -> [String: [Float]] {
    try layers.flatMap(\.parameters).snapshot(on: backend)
  }

  @Test func itsComponentsComeBack() throws {
    for depth in [4, 6] {
      var architecture = architecture
      architecture.depth = depth
      let (extractor, head) = parts(architecture)
      try ComponentFile.save(extractor, to: path("e"), on: backend)
      try ComponentFile.save(head, to: path("h"), on: backend)
      let first = try ComponentFile.loadExtractor(path("e"), on: backend)
      let second = try ComponentFile.loadHead(path("h"), on: backend)
      #expect(first.architecture == architecture && second.architecture == architecture)
      #expect(
        try weights(first.layers, second.layers) == weights(extractor.layers, head.layers))
    }
  }

  /// Its bounds hold for files, before anything is made.
  @Test func anotherDepthInAFileIsRefused() throws {
    try ComponentFile.save(parts(architecture).extractor, to: path("e"), on: backend)
    var file = try SafetensorsFile(
      bytes: [UInt8](try Data(contentsOf: URL(fileURLWithPath: path("e")))))
    for (from, to, message) in [
      ("\"depth\":6", "\"depth\":2000000000", "is even, from 4 to 20, got 2000000000"),
      ("\"width\":2", "\"width\":1e300", "is 1, 2, 3 or 4, got 1e+300"),
      ("unit1", "unit3", "is cut after unit1 to unit2, got unit3"),
      ("plain-stack", "plain-stick", "there is no network “plain-stick”; known are resnet,"),
    ] {
      let good = try #require(file.metadata["architecture"])
      defer { file.metadata["architecture"] = good }
      file.metadata["architecture"] = good.replacingOccurrences(of: from, with: to)
      try AtomicFile.write(file.bytes, to: path("changed"))
      let error = #expect(throws: FileError.self) {
        try ComponentFile.loadExtractor(path("changed"), on: backend)
      }
      #expect(error?.problem.contains(message) == true, "\(error!)")
    }
  }

  /// By its own names of layers, with its own alias, sizes from names and shapes.
  @Test func weightsOfAnotherProgramAreImported() throws {
    let (extractor, head) = parts(architecture)
    let tensors = try Component(extractor, on: backend).tensors
      .merging(try Component(head, on: backend).tensors) { first, _ in first }
    let renamed = Dictionary(
      uniqueKeysWithValues: tensors.map {
        ("module." + $0.key.replacingOccurrences(of: "output.", with: "fc."), $0.value)
      })
    try AtomicFile.write(
      SafetensorsFile(tensors: renamed, metadata: [:]).bytes, to: path("weights"))
    var options = WeightImport.Options(
      classNames: ["a", "b"], preprocessing: Self.preprocessing)
    options.name = "plain-stack"
    options.split = Split("unit", 1)
    let source = try WeightImport(path("weights"), options)
    #expect(source.architecture == architecture)
    let imported = try source.components(on: backend)
    #expect(
      try weights(imported.0.layers, imported.1.layers)
        == weights(extractor.layers, head.layers))
    options.name = "vgg"
    #expect(throws: ArchitectureError.self) { try WeightImport(path("weights"), options) }
  }
}
