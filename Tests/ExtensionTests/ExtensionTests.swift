import BackendCPU
import BackendOpenCL
import Dovetail
import Foundation
import TestSupport
import Testing

/// What another package can add, one file each, without an edit in this one.
@Suite struct ExtensionTests {
  /// Once a process, as a program would when it starts.
  static let registered: Void = {
    Optimizers.register(Lion.kind)
    AuxiliaryTasks.register(MirrorTask())
    try? NetworkFamilies.register(PlainStack.self)
    Augmentations.register(.init(name: "erasing", value: (4, 1...32)) { Erasing(side: Int($0)) })
  }()

  private static let yaml = """
    tasks: [{name: ink, dataset: made-up-ink}, {name: neon, dataset: made-up-neon}]
    architecture: {name: plain-stack, depth: 6, split: unit1}
    methods: [mirror, common-classes]
    optimizer: lion
    augment: [crop, {erasing: 8}]
    steps: 3
    batch: 8
    """

  private func trained(on backend: any Backend) throws -> (Recipe, RunResults, RunDirectory) {
    _ = Self.registered
    let recipe = try Recipe.parse(yaml: Self.yaml, folder: "/")
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("dovetail-extension-\(UUID().uuidString)").path
    let directory = RunDirectory(folder)
    let results = try Run.train(
      recipe, datasets: try recipe.loadDatasets(), losses: [FeaturePenalty(weight: 0.5)],
      directory: directory, on: backend, clock: TurnedClock())
    return (recipe, results, directory)
  }

  @Test func theyAreTrainedSavedLoadedRecombinedCertifiedAndExported() throws {
    let backend = CPUBackend(threads: 2)
    let (recipe, results, directory) = try trained(on: backend)
    defer { try? FileManager.default.removeItem(atPath: directory.path) }
    #expect(try Recipe.parse(yaml: recipe.yaml, folder: "/") == recipe)
    for task in results.tasks { #expect(task.auxiliaryAccuracy?["mirror"] != nil) }

    let extractor = try ComponentFile.read(directory.extractor("ink"))
    let head = try ComponentFile.read(directory.head("neon"))
    let shared = extractor.header.featureSpace.shared(with: head.header.featureSpace)
    #expect(Set(shared.map(\.kind.rawValue)) == ["mirror-head", "common-classes-head"])
    let mirror = try ComponentFile.loadAuxiliaryHead(directory.auxiliary("mirror"), on: backend)
    #expect(mirror.head.classNames == ["as it was", "mirrored"])

    let model = try Model(extractor: extractor, head: head)
    try ModelFile.write(model, to: "\(directory.path)/ab.safetensors")
    let onnx = try ONNXExport.bytes(
      of: ComponentFile.Contents(path: "\(directory.path)/ab.safetensors"), path: "ab", on: backend)
    #expect(onnx.count > 1000)
    let dataset = try recipe.loadDatasets()[0]
    let certificate = try Certifier(on: backend).certify(
      Component(contentsOf: directory.extractor("ink")),
      Component(contentsOf: directory.head("neon")),
      on: LabeledImages(dataset, kind: .syntheticInk),
      own: Component(contentsOf: directory.head("ink")))
    #expect(certificate.isConsistent)
  }

  /// The kernels and their twins in Swift.
  @Test(.enabled(if: TestedBackend.hasOpenCL)) func bothBackendsAgree() throws {
    var losses: [[Double]] = []
    for backend in [CPUBackend(threads: 2), try OpenCLBackend(device: 0)] as [any Backend] {
      _ = Self.registered
      let recipe = try Recipe.parse(yaml: Self.yaml, folder: "/")
      let trainer = try Trainer(
        recipe, datasets: try recipe.loadDatasets(), losses: [FeaturePenalty(weight: 0.5)],
        on: backend)
      var values: [Double] = []
      try trainer.run(progress: { progress in
        for task in progress.losses {
          values.append(Double(task.target!))
          for name in task.auxiliary.keys.sorted() { values.append(Double(task.auxiliary[name]!)) }
        }
      })
      losses.append(values)
    }
    #expect(losses[0].count == 8)
    for (cpu, openCL) in zip(losses[0], losses[1]) { #expect(abs(cpu - openCL) < 1e-3) }
  }

  @Test func whatNobodyRegisteredIsNamed() throws {
    #expect(AuxiliaryHead.Kind(rawValue: "colorization") == nil)
    #expect(Anchor.Kind(rawValue: "colorization-head") == nil)
    let json = Data(#"[{"kind": "colorization-head", "digest": "00"}]"#.utf8)
    #expect(throws: (any Error).self) { try JSONDecoder().decode(FeatureSpace.self, from: json) }
    #expect(throws: RecipeError.self) {
      try Recipe.parse(
        yaml: "tasks: [{dataset: made-up-ink}]\nmethods: [colorization]", folder: "/")
    }
  }
}
