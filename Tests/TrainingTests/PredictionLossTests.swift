import Autograd
import BackendCPU
import Components
import Datasets
import Foundation
import Networks
import Optimizers
import Recipes
import Runs
import Tensors
import TestSupport
import Testing
import Training

/// TENT's entropy and SHOT's information maximization against PyTorch (`PyTorchAdaptation`), and
/// what trainings by them change.
@Suite struct PredictionLossTests {
  /// Of `Tools/make-adaptation-fixtures.py`.
  static let (rows, classes, batch, rate, sure) = (6, 5, 8, Float(0.02), Float(16))

  @Test(arguments: TestedBackend.available, [0, 1] as [Float])
  func lossAndGradientAreThoseOfPyTorch(_ tested: TestedBackend, diversity: Float) throws {
    let backend = try tested.make()
    let shape: Shape = [Self.rows, Self.classes]
    let noise = HashNoise.values(shape.count, stream: 400).map { Float(3 * $0) }
    let logits = Variable(backend.makeTensor(shape, noise), needsGradient: true)
    let tape = Tape(on: backend)
    let loss = tape.predictionEntropy(logits, diversity: diversity, weight: 2)
    tape.backward(from: [loss])
    let (value, gradient) =
      diversity == 0
      ? (PyTorchAdaptation.entropy, PyTorchAdaptation.entropyGradient)
      : (PyTorchAdaptation.information, PyTorchAdaptation.informationGradient)
    #expect(abs(Double(try backend.download(loss.value)[0]) - 2 * value) < 1e-5)
    let found = try backend.download(try #require(logits.gradient))
    #expect(relativeError(found, gradient.map { 2 * $0 }) < 1e-5)
  }

  /// Logits that leave no doubt have no entropy, and nothing is divided by 0.
  @Test(arguments: TestedBackend.available) func sureLogitsAreFinite(_ tested: TestedBackend) throws
  {
    let backend = try tested.make()
    let logits = Variable(
      backend.makeTensor([2, 3], [200, 0, -200, 300, -100, 0]), needsGradient: true)
    for diversity in [0, 1] as [Float] {
      let tape = Tape(on: backend)
      let loss = tape.predictionEntropy(logits, diversity: diversity, weight: 1)
      tape.backward(from: [loss])
      #expect(abs(try backend.download(loss.value)[0]) < 1e-6)
      #expect(try backend.download(try #require(logits.gradient)).allSatisfy { abs($0) < 1e-6 })
      logits.clearGradient()
    }
  }

  private func network(on backend: any Backend) -> (Sequential, images: Variable) {
    let architecture = Architecture(depth: 8, split: .stage2)
    let layers = Sequential(
      architecture.makeExtractor(on: backend, seed: 0).layers
        + architecture.makeHead(classes: 10, on: backend, seed: 0).layers)
    Made.fill(layers.parameters, on: backend)
    for (stream, each) in layers.parameters.enumerated() where each.name == "linear.weight" {
      backend.upload(
        Made.value(of: each.name, each.value.shape, stream: stream).map { Self.sure * $0 },
        to: each.value)
    }
    return (layers, Variable(Made.images(backend, count: Self.batch)))
  }

  private func norm(_ tensor: Tensor, on backend: any Backend) throws -> Double {
    try backend.download(tensor).reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
  }

  @Test(arguments: TestedBackend.available)
  func fiveStepsOfTENTAreThoseOfPyTorch(_ tested: TestedBackend) throws {
    let backend = try tested.make()
    let (layers, images) = network(on: backend)
    layers.freezeAllButNorms()
    let optimizer = SGD(momentum: 0.9, weightDecay: 0)
    for expected in PyTorchAdaptation.tentLosses {
      let tape = Tape(on: backend)
      let logits = layers(
        images, ForwardContext(tape: tape, statistics: .batch(updateRunning: true)))
      let loss = tape.predictionEntropy(logits, diversity: 0, weight: 1)
      tape.backward(from: [loss])
      optimizer.step(layers.parameters, learningRate: Self.rate, on: backend)
      #expect(abs(Double(try backend.download(loss.value)[0]) - expected) < 1e-3 * expected)
    }
    let trained = ["bn1.weight", "layer3.0.bn2.bias"].map { name in
      layers.parameters.first { $0.name == name }!.value
    }
    for (tensor, expected) in zip(trained, PyTorchAdaptation.tentNorms) {
      #expect(abs(try norm(tensor, on: backend) - expected) < 1e-4 * expected)
    }
  }

  @Test(arguments: TestedBackend.available)
  func gradientsOfSHOTAreThoseOfPyTorch(_ tested: TestedBackend) throws {
    let backend = try tested.make()
    let (layers, images) = network(on: backend)
    let tape = Tape(on: backend)
    let logits = layers(
      images, ForwardContext(tape: tape, statistics: .batch(updateRunning: false)))
    let loss = tape.predictionEntropy(logits, diversity: 1, weight: 1)
    tape.backward(from: [loss])
    #expect(abs(Double(try backend.download(loss.value)[0]) - PyTorchAdaptation.shotLoss) < 1e-5)
    #expect(PyTorchAdaptation.shotGradients.count == 15)
    for (name, expected) in PyTorchAdaptation.shotGradients {
      let parameter = try #require(layers.parameters.first { $0.name == name })
      let found = try norm(try #require(parameter.gradient), on: backend)
      #expect(abs(found - expected) < 1e-3 * expected, "\(name): \(found), not \(expected)")
    }
  }

  // MARK: Trainings

  /// A source, and a training by an objective on the images of other classes.
  private func adapted(
    _ objective: Objective, _ change: (inout Recipe) -> Void = { _ in },
    _ body: (_ source: RunDirectory, _ adapted: RunDirectory) throws -> Void
  ) throws {
    let backend = CPUBackend(threads: 2)
    let folder = try Tiny.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let (source, result) = (RunDirectory("\(folder)/source"), RunDirectory("\(folder)/adapted"))
    _ = try Run.train(
      Tiny.recipe(tasks: 1) { $0.methods = [.rotationPrediction] }, datasets: [Tiny.two[0]],
      directory: source, on: backend, clock: TurnedClock())
    var recipe = Tiny.recipe(tasks: 1)
    let architecture = recipe.architecture
    recipe.adapt(
      (source.extractor("a"), architecture), under: (source.head("a"), architecture), by: objective)
    recipe.learningRate = 0.1
    change(&recipe)
    _ = try Run.train(
      recipe, datasets: [Tiny.two[1]], directory: result, on: backend, clock: TurnedClock())
    try body(source, result)
  }

  @Test func entropyTrainsNormsAlone() throws {
    try adapted(.entropy) { source, adapted in
      for file in [{ $0.extractor("a") }, { $0.head("a") }] as [(RunDirectory) -> String] {
        let (was, now) = (
          try ComponentFile.read(file(source)), try ComponentFile.read(file(adapted))
        )
        for (name, entry) in now.tensors {
          let isNorm = name.contains("bn")
          #expect((entry != was.tensors[name]) == isNorm, "\(name)")
        }
        #expect(now.header.classNames == was.header.classNames)
        #expect(now.header.lineage?.origin == .adaptation)
        #expect(now.header.lineage?.adaptation == "tent")
        // The head has changed with the extractor: they fit each other, and nothing else.
        #expect(now.header.featureSpace.anchors.map(\.kind) == [.sharedHead])
        #expect(now.header.featureSpace.shared(with: was.header.featureSpace).isEmpty)
      }
    }
  }

  @Test func informationMaximizationLeavesTheHead() throws {
    try adapted(.informationMaximization) { source, adapted in
      let (was, now) = (
        try ComponentFile.read(source.extractor("a")).header,
        try ComponentFile.read(adapted.extractor("a")).header
      )
      #expect(was.digest != now.digest)
      #expect(Set(now.featureSpace.anchors).isSuperset(of: was.featureSpace.anchors))
      #expect(now.lineage?.adaptation == "shot" && now.lineage?.origin == .adaptation)
      #expect(now.lineage?.parents?.first?.digest == was.digest)
      #expect(!FileManager.default.fileExists(atPath: adapted.head("a")))
      let model = try Model(
        extractor: try ComponentFile.read(adapted.extractor("a")),
        head: try ComponentFile.read(source.head("a")))
      #expect(!model.featureSpace.isUnknown)
    }
  }

  @Test func whatTheyHaveNoUseForIsRefused() throws {
    func problem(_ objective: Objective, _ change: (inout Recipe) -> Void) -> String {
      (#expect(throws: RecipeError.self) { try adapted(objective, change) { _, _ in } })?.problem
        ?? ""
    }
    #expect(
      problem(.entropy) { $0.methods = [.rotationPrediction] }.hasSuffix("leave methods out"))
    #expect(problem(.informationMaximization) { $0.frozen = [.heads] }.contains("leave frozen out"))
    #expect(
      problem(.entropy) { $0.tasks[0].head = nil }.contains("give its extractor and its head"))
  }

  @Test func recipesSayTheObjective() throws {
    for objective in [Objective.entropy, .informationMaximization] {
      var recipe = Tiny.recipe(tasks: 1)
      recipe.adapt(
        ("/e", recipe.architecture), under: ("/h", recipe.architecture), by: objective)
      #expect(recipe.yaml.contains("objective: \(objective.rawValue)\n"))
      #expect(try Recipe.parse(yaml: recipe.yaml, folder: "/") == recipe)
      #expect(recipe.weightDecay == (objective == .entropy ? 0 : 1e-4))
    }
  }
}
