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

@Suite struct StampingTests {
  let backend = CPUBackend(threads: 2)

  /// The headers of a finished run's files by name: `a.extractor`, `auxiliary/rotation`.
  func headers(
    tasks: Int = 2, _ change: (inout Recipe) -> Void
  ) throws -> [String: ComponentHeader] {
    let folder = try Tiny.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let datasets = tasks == 3 ? Tiny.three : Tiny.two
    _ = try Run.train(
      Tiny.recipe(tasks: tasks, change), datasets: datasets, directory: RunDirectory(folder),
      on: backend, clock: TurnedClock())
    var headers: [String: ComponentHeader] = [:]
    let suffix = ".safetensors"
    let components = "\(folder)/components"
    for name in try FileManager.default.subpathsOfDirectory(atPath: components)
    where name.hasSuffix(suffix) {
      headers[String(name.dropLast(suffix.count))] =
        try ComponentFile.read("\(components)/\(name)").header
    }
    return headers
  }

  /// Kinds of the anchors that two components share.
  func shared(_ a: ComponentHeader?, _ b: ComponentHeader?) throws -> [Anchor.Kind] {
    try #require(a).featureSpace.shared(with: try #require(b).featureSpace).map(\.kind)
  }

  @Test func independentNetworksShareTheirOwnHeadAlone() throws {
    let headers = try headers { _ in }
    for name in ["a", "b"] {
      let own = try #require(headers["\(name).head"])
      #expect(own.featureSpace.anchors == [Anchor(.sharedHead, own.digest)])
      #expect(try shared(headers["\(name).extractor"], own) == [.sharedHead])
    }
    #expect(try shared(headers["a.extractor"], headers["b.head"]) == [])
    #expect(try shared(headers["b.extractor"], headers["a.head"]) == [])
  }

  @Test(arguments: Scheme.allCases) func eachMethodIsAnAnchor(_ scheme: Scheme) throws {
    let rotation = try headers {
      $0.methods = [.rotationPrediction]
      $0.scheme = scheme
    }
    #expect(try shared(rotation["a.extractor"], rotation["b.head"]) == [.rotationHead])
    // The digest is that of the head as its file holds it.
    let head = try #require(rotation["auxiliary/rotation"])
    #expect(
      try #require(rotation["b.extractor"]).featureSpace.anchors.contains(
        Anchor(.rotationHead, head.digest)))
    #expect(try shared(rotation["a.extractor"], head) == [.rotationHead])

    let common = try headers {
      $0.methods = [.commonClasses]
      $0.scheme = scheme
    }
    #expect(try shared(common["b.extractor"], common["a.head"]) == [.commonClassesHead])
    #expect(try shared(rotation["a.extractor"], common["b.head"]) == [])
  }

  @Test func identicalInitialWeightsAreAnAnchorOfTheWeightsAtTheStart() throws {
    let all = try headers(tasks: 3) { $0.methods = [.identicalInitialWeights] }
    // Task c has fewer classes: its last layer is its own, and no part of the anchor.
    for (a, b) in [("a", "b"), ("a", "c"), ("c", "b")] {
      #expect(try shared(all["\(a).extractor"], all["\(b).head"]) == [.initialWeights])
    }
    let longer = try headers {
      $0.methods = [.identicalInitialWeights]
      $0.steps = 5
    }
    #expect(try shared(all["a.extractor"], longer["b.head"]) == [.initialWeights])
    let other = try headers {
      $0.methods = [.identicalInitialWeights]
      $0.seed = 8
    }
    #expect(try shared(all["a.extractor"], other["b.head"]) == [])
  }

  @Test func ownRotationHeadsAreNotShared() throws {
    let own = try headers { $0.ownRotationHead = true }
    #expect(try shared(own["a.extractor"], own["b.head"]) == [])
    #expect(
      try shared(own["a.extractor"], own["auxiliary/a.rotation"]) == [.rotationHead, .sharedHead])
  }

  @Test func lineageTellsWhatAComponentDependsOnAndNoPlace() throws {
    let headers = try headers {
      $0.methods = [.rotationPrediction]
      $0.tasks[0].path = "/somewhere/else"
    }
    let lineage = try #require(headers["a.extractor"]?.lineage)
    #expect(lineage.origin == .training && lineage.task == "a" && lineage.scheme == "joint")
    #expect(lineage.methods == ["rotation-prediction"])
    #expect(lineage.seed == 7 && lineage.batchSize == 4 && lineage.device == "cpu")
    #expect(lineage.data?.map(\.digest) == Tiny.two.map(\.digest))
    let partners = [headers["b.extractor"], headers["auxiliary/rotation"]].map { $0?.digest }
    #expect(lineage.partners?.map(\.digest) == partners)
    let recipe = try #require(lineage.recipe)
    #expect(recipe.contains("steps: 3") && !recipe.contains("somewhere"))
  }
}
