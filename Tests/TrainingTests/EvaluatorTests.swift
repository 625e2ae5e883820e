import Autograd
import BackendCPU
import Components
import Datasets
import Evaluation
import Networks
import Tensors
import Testing
import Training

@Suite struct EvaluatorTests {
  let backend = CPUBackend(threads: 2)
  static let architecture = Architecture(depth: 8, split: .stage2)

  func extractor(
    normalization: Normalization = Normalization(mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2])
  ) -> FeatureExtractor {
    FeatureExtractor(
      architecture: Self.architecture,
      preprocessing: Preprocessing(imageSize: Tiny.size, normalization: normalization),
      layers: Self.architecture.makeExtractor(on: backend, seed: 1))
  }

  /// A head that prefers its classes by `bias`, whatever it sees.
  func head(_ classNames: [String], bias: [Float]? = nil) -> TaskHead {
    let layers = Self.architecture.makeHead(classes: classNames.count, on: backend, seed: 2)
    if let bias {
      for parameter in layers.parameters where parameter.name.hasPrefix("linear") {
        backend.fill(parameter.value, with: 0)
        if parameter.name == "linear.bias" { backend.upload(bias, to: parameter.value) }
      }
    }
    return TaskHead(architecture: Self.architecture, classNames: classNames, layers: layers)
  }

  /// Logits of one batch, formed by hand.
  func forward(_ network: Recombination, _ images: ImageSet, _ indices: [Int]) throws -> [Float] {
    let chosen = images.subset(indices)
    let x = backend.makeTensor([indices.count, Tiny.size, Tiny.size, 3])
    let normalization = network.extractor.preprocessing.normalization
    backend.gatherImages(
      backend.makeImageStore(
        bytes: chosen.bytes, count: chosen.count, height: Tiny.size, width: Tiny.size),
      transforms: indices.indices.map { ImageTransform(index: Int32($0)) },
      mean: normalization.mean, std: normalization.std, into: x)
    let context = ForwardContext(
      tape: Tape(on: backend, recording: false), statistics: .batch(updateRunning: false))
    return try backend.download(network(Variable(x), context).value)
  }

  @Test func everyImageCountsOnceInABatchOfTheTrainingSize() throws {
    let images = Tiny.two[0].test
    let network = try Recombination(extractor(), head(["cat", "dog", "ship", "bird"]))
    let logits = try Evaluator(batchSize: 4, on: backend).logits(network, images)
    #expect(images.count == 10 && logits.count == 40)
    var random = RandomStream(seed: 0, .evaluationOrder)
    let order = random.permutation(10)
    // The last batch has two images of its own and the first two of the order to fill it.
    for (batch, counted) in [
      (Array(order[0..<4]), 4), (Array(order[4..<8]), 4), (Array(order[8...] + order[..<2]), 2),
    ] {
      let expected = try forward(network, images, batch)
      for position in 0..<counted {
        let image = batch[position]
        #expect(
          Array(logits[image * 4..<image * 4 + 4])
            == Array(expected[position * 4..<position * 4 + 4]))
      }
    }
  }

  @Test func fewerImagesThanABatchAreRepeated() throws {
    let images = Tiny.two[0].test.subset([0, 1, 2])
    let network = try Recombination(extractor(), head(["cat", "dog", "ship", "bird"]))
    #expect(try Evaluator(batchSize: 8, on: backend).logits(network, images).count == 12)
    let outcome = try Evaluator(batchSize: 8, on: backend).evaluate(
      network, on: images, labelNames: ["cat", "dog", "ship", "bird"])
    #expect(outcome?.images == 3)
  }

  @Test func predictionsAreComparedByNameAndAmongTheCommonOutputs() throws {
    // Labels 0…3 are cat, dog, ship, bird: of ten images 3, 3, 2, 2.
    let images = Tiny.two[0].test
    let names = ["cat", "dog", "ship", "bird"]
    let evaluator = Evaluator(batchSize: 4, on: backend)
    // It always says tree; among cat and dog, dog.
    let network = try Recombination(extractor(), head(["tree", "dog", "cat"], bias: [3, 2, 1]))
    let outcome = try #require(
      try evaluator.evaluate(network, on: images, labelNames: names, classes: ["cat", "dog"]))
    #expect(outcome.images == 6)
    #expect(outcome.accuracy == 0)
    #expect(outcome.accuracyAmongCommonOutputs == 0.5)

    // It always says dog, its output 1; dog is label 1 here and 0 there.
    let dog = try Recombination(extractor(), head(["tree", "dog", "cat"], bias: [1, 3, 2]))
    #expect(try evaluator.evaluate(dog, on: images, labelNames: names)?.accuracy == 0.3)
    let renamed = try evaluator.evaluate(
      dog, on: images, labelNames: ["dog", "x", "y", "z"], classes: ["dog"])
    #expect(
      renamed
        == Evaluator.Outcome(
          images: 3, accuracy: 1, accuracyAmongCommonOutputs: 1, topFiveAccuracy: nil,
          averageClassAccuracy: 1,
          classAccuracies: [.init(name: "dog", images: 3, accuracy: 1)],
          right: [true, true, true]))
    #expect(try evaluator.evaluate(dog, on: images, labelNames: names, classes: ["fox"]) == nil)
  }

  @Test func theFiveLargestLogitsAndEachClassAreCounted() throws {
    // Labels 0…3: of ten images 3, 3, 2, 2. E and f have equal logits, of which e comes first.
    let network = try Recombination(
      extractor(), head(["a", "b", "c", "d", "e", "f", "g"], bias: [7, 6, 5, 4, 3, 3, 1]))
    let outcome = try #require(
      try Evaluator(batchSize: 4, on: backend).evaluate(
        network, on: Tiny.two[0].test, labelNames: ["a", "e", "f", "z"]))
    #expect(outcome.accuracy == 0.3 && outcome.topFiveAccuracy == 0.6)
    #expect(
      outcome.classAccuracies == [
        .init(name: "a", images: 3, accuracy: 1), .init(name: "e", images: 3, accuracy: 0),
        .init(name: "f", images: 2, accuracy: 0), .init(name: "z", images: 2, accuracy: 0),
      ])
  }

  @Test func imagesAreNormalizedByTheExtractor() throws {
    let images = Tiny.two[1].test
    let head = head(["cat", "dog", "ship", "bird"])
    let evaluator = Evaluator(batchSize: 5, on: backend)
    func logits(_ mean: Float) throws -> [Float] {
      let extractor = extractor(
        normalization: Normalization(mean: [mean, mean, mean], std: [0.2, 0.3, 0.4]))
      return try evaluator.logits(try Recombination(extractor, head), images)
    }
    #expect(try logits(0.2) == logits(0.2))
    #expect(try logits(0.2) != logits(0.7))
  }

  @Test func measuringChangesNothing() throws {
    let trainer = try Tiny.trainer(Tiny.recipe(), on: backend)
    let before = try Tiny.state(trainer, on: backend)
    for from in trainer.networks {
      for to in trainer.networks {
        _ = try Evaluator(batchSize: 4, on: backend).logits(
          try Recombination(from.extractor, to.head), from.dataset.test)
      }
    }
    #expect(try Tiny.state(trainer, on: backend) == before)
  }
}
