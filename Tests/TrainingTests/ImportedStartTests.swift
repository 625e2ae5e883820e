import BackendCPU
import Components
import Datasets
import Foundation
import Networks
import Recipes
import Runs
import Tensors
import TestSupport
import Testing
import Training

/// Networks that start from imported components: a file, a folder, an adapter of their own.
@Suite final class ImportedStartTests {
  private let backend = CPUBackend(threads: 2)
  private let folder: String

  init() throws { folder = try Tiny.temporaryFolder() }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private static let normalization = Normalization(mean: [0.1, 0.2, 0.3], std: [0.5, 0.6, 0.7])

  /// As `dovetail import` leaves them.
  private func importParts(
    _ name: String, _ architecture: Architecture = Architecture(depth: 8),
    classes: [String] = ["cat", "dog"], seed: UInt64 = 5
  ) throws -> (extractor: FeatureExtractor, head: TaskHead) {
    let stamp = ComponentStamp(
      batchNorm: .running,
      featureSpace: FeatureSpace([Anchor(.sourceFile, String(repeating: "a", count: 64))]),
      lineage: Lineage(origin: .importing))
    let extractor = FeatureExtractor(
      architecture: architecture,
      preprocessing: Preprocessing(imageSize: 224, normalization: Self.normalization),
      layers: architecture.makeExtractor(on: backend, seed: seed), stamp: stamp)
    let head = TaskHead(
      architecture: architecture, classNames: classes,
      layers: architecture.makeHead(classes: classes.count, on: backend, seed: seed), stamp: stamp)
    try ComponentFile.save(extractor, to: "\(folder)/\(name).extractor.safetensors", on: backend)
    try ComponentFile.save(head, to: "\(folder)/\(name).head.safetensors", on: backend)
    return (extractor, head)
  }

  private func weights(_ layers: Sequential) throws -> [String: [Float]] {
    try layers.parameters.snapshot(on: backend)
  }

  @Test func aFolderGivesExtractorAndHead() throws {
    let (extractor, head) = try importParts("w")
    let trainer = try Tiny.trainer(Tiny.recipe { $0.initialWeights = folder }, on: backend)
    for network in trainer.networks {
      #expect(try weights(network.extractor.layers) == weights(extractor.layers))
      #expect(network.extractor.preprocessing.normalization == Self.normalization)
      let own = try weights(network.head.layers)
      for (name, values) in try weights(head.layers) {
        // The classes are others.
        #expect((own[name] == values) == !name.hasPrefix("linear."), "\(name)")
      }
    }
  }

  @Test func headsOfTheSameClassesComeWhole() throws {
    let (_, head) = try importParts("a", classes: Tiny.two[0].classNames)
    _ = try importParts("b", seed: 6)
    let trainer = try Tiny.trainer(Tiny.recipe { $0.initialWeights = folder }, on: backend)
    #expect(try weights(trainer.networks[0].head.layers) == weights(head.layers))
    #expect(
      try weights(trainer.networks[0].extractor.layers)
        != weights(trainer.networks[1].extractor.layers))
  }

  @Test func aFileGivesTheExtractorAlone() throws {
    let (extractor, head) = try importParts("w")
    let trainer = try Tiny.trainer(
      Tiny.recipe { $0.tasks[0].initialWeights = "\(folder)/w.extractor.safetensors" }, on: backend)
    let network = trainer.networks[0]
    #expect(try weights(network.extractor.layers) == weights(extractor.layers))
    #expect(
      try weights(network.head.layers)["layer3.0.conv1.weight"]
        != weights(head.layers)["layer3.0.conv1.weight"])
    // The other task draws its own.
    #expect(try weights(trainer.networks[1].extractor.layers) != weights(extractor.layers))
    #expect(trainer.networks[1].extractor.preprocessing.normalization != Self.normalization)
  }

  /// Two architectures under one head: each starts from its own weights, the adapters are fresh.
  @Test func anAdapterThatTheFileLacksIsFresh() throws {
    let (narrow, _) = try importParts("a")
    let (wide, _) = try importParts("b", Architecture(depth: 8, width: 2))
    func recipe(_ change: (inout Recipe) -> Void = { _ in }) -> Recipe {
      Tiny.recipe {
        $0.architecture = Architecture(depth: 8, adapter: 24)
        $0.tasks[1].architecture = Architecture(depth: 8, width: 2, adapter: 24)
        $0.initialWeights = folder
        change(&$0)
      }
    }
    let trainer = try Tiny.trainer(recipe { $0.steps = 1 }, on: backend)
    for (network, source) in zip(trainer.networks, [narrow, wide]) {
      var own = try weights(network.extractor.layers)
      for name in ["adapter.0.weight", "adapter.1.weight", "adapter.1.bias"] {
        #expect(own.removeValue(forKey: name) != nil)
      }
      #expect(try own == weights(source.layers))
      #expect(network.extractor.preprocessing.imageSize == Tiny.size)
    }
    try trainer.run()
    // Another architecture is named, with what it lacks.
    let other = recipe { $0.tasks[1].architecture = Architecture(depth: 14, adapter: 24) }
    let error = #expect(throws: RecipeError.self) {
      try Tiny.trainer(other, on: self.backend)
    }
    #expect(
      error?.problem.contains(
        "of a resnet-8-2 cut after stage2, the recipe's of a resnet-14 cut after stage2, adapter 24"
      )
        == true, "\(error!)")
  }

  @Test func anExtractorWithoutTheAdapterIsNamed() throws {
    let architecture = Architecture(depth: 8)
    let extractor = FeatureExtractor(
      architecture: architecture,
      preprocessing: Preprocessing(imageSize: Tiny.size, normalization: Self.normalization),
      layers: architecture.makeExtractor(on: backend, seed: 1))
    let path = "\(folder)/plain.safetensors"
    try ComponentFile.save(extractor, to: path, on: backend)
    func problem(_ change: (inout Recipe) -> Void) -> String? {
      let recipe = Tiny.recipe {
        $0.tasks[0].extractor = path
        change(&$0)
      }
      let error = #expect(throws: RecipeError.self) {
        try Tiny.trainer(recipe, on: self.backend)
      }
      return error?.problem
    }
    #expect(
      problem { $0.architecture = Architecture(depth: 8, adapter: 24) }?.hasSuffix(
        "give it the adapter first: dovetail adapter --channels 24") == true)
    #expect(
      problem { $0.framing = .crop(shorterSide: 9, filter: .bilinear) }?.hasSuffix(
        "the recipe says the middle of a shorter side of 9, bilinear; give resize: 0") == true)
  }

  @Test func resizeStandsInTheRecipe() throws {
    let text = "tasks: [{dataset: made-up-ink}]\nimage-size: 64\nresize: 72\nresize-filter: bicubic"
    let recipe = try Recipe.parse(yaml: text, folder: "/")
    #expect(recipe.framing == .crop(shorterSide: 72, filter: .bicubic))
    #expect(recipe.yaml.contains("\nresize: 72\nresize-filter: bicubic\n"))
    #expect(try Recipe.parse(yaml: recipe.yaml, folder: "/") == recipe)
    let plain = try Recipe.parse(yaml: "tasks: [{dataset: made-up-ink}]", folder: "/")
    #expect(plain.framing == .square && !plain.yaml.contains("resize"))
  }
}
