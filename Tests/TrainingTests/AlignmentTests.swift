import Analysis
import BackendCPU
import Components
import Datasets
import Evaluation
import Networks
import Recipes
import Tensors
import TestSupport
import Testing
import Training

/// Alignment of trained extractors, in one pass of images without their labels.
@Suite struct AlignmentTests {
  static let names = ["cat", "dog", "ship", "bird"]
  let data = Tiny.dataset(names, train: 96, test: 60)

  /// Components of two independent networks.
  private func parts(
    _ architecture: Architecture = Architecture(depth: 8, split: .stage2),
    on backend: any Backend = CPUBackend(threads: 2)
  ) throws -> [(extractor: Component, head: Component)] {
    let recipe = Tiny.recipe {
      $0.architecture = architecture
      $0.steps = 20
      $0.batchSize = 16
    }
    let trainer = try Tiny.trainer(recipe, [data, data], on: backend)
    try trainer.run()
    try trainer.stamp()
    return try trainer.networks.map {
      (try Component($0.extractor, on: backend), try Component($0.head, on: backend))
    }
  }

  private func align(
    _ extractor: Component, _ target: Component, _ method: AlignmentMethod,
    on backend: any Backend = CPUBackend(threads: 2)
  ) throws -> Alignment {
    try Alignment(
      extractor, to: target, on: data.train, named: "tiny",
      digest: String(repeating: "d", count: 64), method: method, backend: backend)
  }

  private func logits(
    _ extractor: Component, _ head: Component, on backend: any Backend = CPUBackend(threads: 2)
  ) throws -> [Float] {
    let network = try Recombination(
      try extractor.makeExtractor(path: "e", on: backend),
      try head.makeHead(path: "h", on: backend))
    return try Evaluator(batchSize: 16, on: backend).logits(network, data.test)
  }

  @Test(arguments: TestedBackend.available)
  func anExtractorAlignedToItselfIsItself(_ tested: TestedBackend) throws {
    let backend = try tested.make()
    let (extractor, head) = try parts(on: backend)[0]
    let own = try logits(extractor, head, on: backend)
    let largest = own.map(abs).max()!
    for method in AlignmentMethod.allCases {
      let aligned = try align(extractor, extractor, method, on: backend)
      let found = try logits(aligned.component, head, on: backend)
      if method == .permutation {
        #expect(found == own)
      } else {
        #expect(zip(found, own).allSatisfy { abs($0 - $1) <= 1e-5 * largest }, "\(method)")
      }
      #expect(aligned.unexplained < 1e-6 && aligned.images == 96)
    }
  }

  /// Rows of an adapter's weights in another order, by loops of this test's own.
  private func shuffled(_ extractor: Component, _ order: [Int]) throws -> Component {
    var tensors = extractor.tensors
    for (name, entry) in tensors where name.hasPrefix("adapter.") {
      let row = entry.values.count / order.count
      tensors[name] = .init(
        shape: entry.shape,
        values: order.flatMap { entry.values[$0 * row..<($0 + 1) * row] })
    }
    let backend = CPUBackend(threads: 2)
    let layers = extractor.header.architecture.makeExtractor(on: backend, seed: 0)
    for (name, tensor) in layers.parameters.map({ ($0.name, $0.value) })
      + layers.buffers.map({ ($0.name, $0.value) })
    {
      let (values, shape) = (tensors[name]!.values, tensor.shape)
      guard shape.rank == 4 else {
        backend.upload(values, to: tensor)
        continue
      }
      let (r, c, k) = (shape[0], shape[2], shape[3])
      var inside = [Float](repeating: 0, count: values.count)
      for output in 0..<k {
        for input in 0..<c {
          for tap in 0..<r * r {
            inside[(tap * c + input) * k + output] = values[(output * c + input) * r * r + tap]
          }
        }
      }
      backend.upload(inside, to: tensor)
    }
    return try Component(
      FeatureExtractor(
        architecture: extractor.header.architecture,
        preprocessing: extractor.header.preprocessing!, layers: layers), on: backend)
  }

  @Test func channelsThatWereShuffledAreFoundAgain() throws {
    let (extractor, head) = try parts(Architecture(depth: 8, split: .stage2, adapter: 24))[0]
    var random = RandomStream(seed: 4, .channelOrder)
    let foreign = try shuffled(extractor, random.permutation(24))
    #expect(try logits(foreign, head) != logits(extractor, head))
    let found = try align(foreign, extractor, .permutation)
    #expect(found.isFolded)
    #expect(found.component.tensors == extractor.tensors)
    #expect(try logits(found.component, head) == logits(extractor, head))
    #expect(
      found.component.header.lineage?.parents?.map(\.digest)
        == [foreign.header.digest, extractor.header.digest])
  }

  @Test func eachMethodExplainsMoreAndSaysWhatItIs() throws {
    let parts = try parts()
    let (a, b) = (parts[0].extractor, parts[1].extractor)
    var unexplained: [AlignmentMethod: Double] = [:]
    for method in AlignmentMethod.allCases {
      let aligned = try align(a, b, method)
      unexplained[method] = aligned.unexplained
      let header = aligned.component.header
      // Option A's channels are in fixed places.
      #expect(!aligned.isFolded && header.architecture.affineAdapter?.activation == .relu)
      #expect(header.featureSpace == b.header.featureSpace.aligned)
      #expect(header.lineage?.origin == .alignment)
      #expect(header.lineage?.alignment?.method == method.rawValue)
      #expect(header.lineage?.alignment?.images == 96)
      #expect((header.lineage?.alignment?.ridge != nil) == (method == .leastSquares))
      #expect(header.lineage?.data?.first?.digest == String(repeating: "d", count: 64))
      // It fits what the target fits, and its own head no longer.
      let model = try Model(extractor: aligned.component, head: parts[1].head)
      #expect(model.featureSpace.isAligned)
      #expect(throws: MisfitError.self) {
        try Model(
          extractor: aligned.component, head: parts[1].head, allowAligned: false)
      }
      #expect(throws: MisfitError.self) {
        try Model(extractor: aligned.component, head: parts[0].head)
      }
      _ = try ComponentFile.Contents(bytes: try model.file.bytes, path: "test")
      #expect(try align(a, b, method).component.header.digest == header.digest)
      let error = #expect(throws: AlignmentError.self) {
        try align(aligned.component, b, .leastSquares)
      }
      #expect(error?.description.contains("affine adapter already") == true)
    }
    #expect(unexplained[.leastSquares]! < unexplained[.orthogonal]!)
    #expect(unexplained[.leastSquares]! < unexplained[.permutationRescaled]!)
    #expect(unexplained[.permutationRescaled]! < unexplained[.permutation]!)
  }

  @Test func otherNumbersOfChannelsAreForLeastSquaresAlone() throws {
    let narrow = try parts(Architecture(depth: 8, split: .stage2, adapter: 12))[0]
    let wide = try parts()[1]
    let aligned = try align(narrow.extractor, wide.extractor, .leastSquares)
    #expect(aligned.component.header.interface == wide.extractor.header.interface)
    _ = try Model(extractor: aligned.component, head: wide.head)
    for method in AlignmentMethod.allCases where method != .leastSquares {
      let error = #expect(throws: AlignmentError.self) {
        try align(narrow.extractor, wide.extractor, method)
      }
      #expect(
        error?.description.contains("channels: the extractor has 12, the target 32") == true)
    }
    let cut = try parts(Architecture(depth: 8, split: .stage1))[0].extractor
    #expect(throws: AlignmentError.self) {
      try align(cut, wide.extractor, .leastSquares)
    }
    var unknown = wide.extractor
    unknown = unknown.stated(in: FeatureSpace(), lineage: Lineage(origin: .training))
    #expect(throws: AlignmentError.self) { try align(narrow.extractor, unknown, .leastSquares) }
  }

  /// The moments that a device gathers are those of the features, summed by loops in double.
  @Test(arguments: TestedBackend.available)
  func theOrderIsThatOfWholeStatistics(_ tested: TestedBackend) throws {
    let backend = try tested.make()
    let parts = try parts(on: backend)
    let (a, b) = (parts[0].extractor, parts[1].extractor)
    let evaluator = Evaluator(batchSize: 16, on: backend)
    let whole = try #require(
      try evaluator.compare(
        a.makeExtractor(path: "a", on: backend), b.makeExtractor(path: "b", on: backend),
        on: data.train))
    // Both see the same batches: 96 images in six of 16, in one order.
    let aligned = try align(a, b, .permutationRescaled, on: backend)
    let expected = try #require(whole.map(.permutationRescaled))
    let weight = aligned.component.tensors["affine.weight"]!.values
    for k in 0..<32 {
      for c in 0..<32 {
        let (found, wanted) = (Double(weight[k * 32 + c]), expected.weights[c, k])
        #expect(abs(found - wanted) <= 1e-3 * max(1, abs(wanted)))
      }
    }
  }

  @Test func retrievalTablesHaveAllPairs() throws {
    let backend = CPUBackend(threads: 2)
    let parts = try parts()
    let wide = try self.parts(Architecture(depth: 8, split: .stage2, adapter: 12))[0]
    let extractors = [
      ("a", parts[0].extractor), ("b", parts[1].extractor), ("c", wide.extractor),
    ]
    let table = try RetrievalTable(
      extractors.map { (name: $0.0, part: $0.1) }, on: "tiny", images: { _ in data.test },
      backend: backend)
    #expect(table.rows.count == 9 && table.images == 60)
    #expect(table.rows.filter { $0.scores == nil }.map(\.query) == ["a", "b", "c", "c"])
    #expect(table.rows[0].query == "a" && table.rows[0].gallery == "a")
    // Images of one color each find each other.
    #expect(table.rows[0].scores!.recallAt1 > 0.5)
    let unlabeled = ImageSet(
      bytes: data.test.bytes, labels: (0..<60).map(Int32.init), size: Tiny.size)
    #expect(throws: RetrievalError.self) {
      try RetrievalTable(
        [(name: "a", part: parts[0].extractor)], on: "tiny", images: { _ in unlabeled },
        backend: backend)
    }
  }
}
