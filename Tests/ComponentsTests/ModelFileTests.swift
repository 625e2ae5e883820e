import Autograd
import BackendCPU
import Components
import Datasets
import Files
import Foundation
import Networks
import Tensors
import Testing

@Suite struct ModelFileTests {
  let backend = CPUBackend(threads: 2)
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
    "dovetail-models-\(UUID().uuidString)")
  static let anchor = Anchor(.rotationHead, String(repeating: "1", count: 64))
  static let other = Anchor(.sharedHead, String(repeating: "2", count: 64))

  init() throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  /// Of different architectures that have one interface, so that names of tensors collide.
  func parts(
    headSpace: [Anchor] = [anchor, other]
  ) -> (extractor: FeatureExtractor, head: TaskHead) {
    let from = Architecture(name: .wideResNet, depth: 10, width: 1, adapter: 24)
    let to = Architecture(name: .resnet, depth: 8, split: .stage1, adapter: 24)
    return (
      FeatureExtractor(
        architecture: from,
        preprocessing: Preprocessing(
          imageSize: 8, normalization: Normalization(mean: [0, 0, 0], std: [1, 1, 1])),
        layers: from.makeExtractor(on: backend, seed: 1),
        stamp: ComponentStamp(featureSpace: FeatureSpace([Self.anchor]))),
      TaskHead(
        architecture: to, classNames: ["a", "b"],
        layers: to.makeHead(classes: 2, on: backend, seed: 2),
        stamp: ComponentStamp(featureSpace: FeatureSpace(headSpace)))
    )
  }

  @Test func partsComeOutOfAModelAsTheyWentIn() throws {
    let (extractor, head) = parts()
    try ComponentFile.save(extractor, to: path("e"), on: backend)
    try ComponentFile.save(head, to: path("h"), on: backend)
    let model = try Model(
      extractor: try ComponentFile.read(path("e")), head: try ComponentFile.read(path("h")))
    try ModelFile.write(model, to: path("m"))
    let read = try ModelFile.read(path("m"))
    #expect(read.featureSpace.anchors == [Self.anchor] && read.digest == model.digest)
    #expect(read.lineage.differentSpaceAllowed == nil)
    #expect(
      read.lineage.parents?.map(\.digest)
        == [read.extractor.header.digest, read.head.header.digest])
    try ComponentFile.write(read.extractor, to: path("e2"))
    try ComponentFile.write(read.head, to: path("h2"))
    for name in ["e", "h"] {
      #expect(
        FileManager.default.contentsEqual(atPath: path(name), andPath: path("\(name)2")))
    }
  }

  @Test func aModelComputesWhatItsPartsDo() throws {
    let (extractor, head) = parts()
    let model = try Recombination(extractor, head)
    try ModelFile.write(try Model(model, on: backend), to: path("m"))
    let loaded = try ModelFile.load(path("m"), on: backend)
    var random = RandomStream(seed: 3, .syntheticImages)
    let x = backend.makeTensor([4, 8, 8, 3], (0..<768).map { _ in random.uniform() - 0.5 })
    func logits(_ model: Recombination) throws -> [Float] {
      let context = ForwardContext(
        tape: Tape(on: backend, recording: false), statistics: model.batchNorm.statistics)
      return try backend.download(model(Variable(x), context).value)
    }
    #expect(try logits(loaded) == logits(model))
    #expect(loaded.extractor.stamp == extractor.stamp && loaded.head.classNames == ["a", "b"])
  }

  @Test func anotherSpaceIsJoinedOnRequestAndRecorded() throws {
    let (extractor, head) = parts(headSpace: [Self.other])
    let model = try Recombination(extractor, head)
    #expect(throws: MisfitError.self) { try Model(model, on: backend) }
    let allowed = try Model(model, allowDifferentSpace: true, on: backend)
    #expect(allowed.lineage.differentSpaceAllowed == true && allowed.featureSpace.isUnknown)
    try ModelFile.write(allowed, to: path("m"))
    #expect(try ModelFile.read(path("m")).lineage.differentSpaceAllowed == true)
  }

  @Test func modelsAreNotTrusted() throws {
    let (extractor, head) = parts()
    let good = try Model(try Recombination(extractor, head), on: backend).file
    func refuses(_ message: String, _ change: (inout SafetensorsFile) -> Void) {
      var file = good
      change(&file)
      let error = #expect(throws: FileError.self) {
        try Model(file, path: "model")
      }
      #expect(error?.problem.contains(message) == true, "\(error!)")
    }
    refuses("expected a component of kind model, got extractor") {
      $0.metadata["kind"] = "extractor"
    }
    refuses("tensor “conv1.weight” is neither the extractor's nor the head's") {
      $0.tensors["conv1.weight"] = .init(shape: [0], values: [])
    }
    refuses("metadata “classes” is none of a model") { $0.metadata["classes"] = "[]" }
    refuses("its weights are not those") { $0.tensors["head.linear.bias"]?.values[0] = 9 }
    refuses("expected an extractor and a head, got extractor and auxiliary-head") {
      $0.metadata["head.kind"] = "auxiliary-head"
      $0.metadata["head.auxiliary-task"] = "rotation"
    }
    refuses("expected the feature space that its parts share") {
      $0.metadata["feature-space"] = "[]"
    }
    // A head that was exchanged for one of another space.
    refuses("extractor and head do not fit: feature space") {
      $0.metadata["head.feature-space"] = "[]"
      $0.metadata["feature-space"] = "[]"
    }
    refuses("its weights are not those that it was written with") {
      $0.metadata["digest"] = String(repeating: "0", count: 64)
    }
  }
}
