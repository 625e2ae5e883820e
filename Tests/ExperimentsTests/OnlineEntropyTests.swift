import Applications
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

/// TENT on the images that it is tested on.
@Suite struct OnlineEntropyTests {
  private func network(on backend: any Backend) throws -> (Recombination, Dataset) {
    var recipe = Recipe(tasks: [TaskRecipe(name: "ink", dataset: .syntheticInk)])
    (recipe.imageSize, recipe.steps, recipe.batchSize) = (8, 20, 32)
    let dataset = try recipe.loadDatasets()[0]
    let trainer = try Trainer(recipe, datasets: [dataset], on: backend)
    try trainer.run()
    return (try Recombination(trainer.networks[0].extractor, trainer.networks[0].head), dataset)
  }

  /// Without steps it is measuring by batch statistics; with them only what comes later differs, and
  /// only scales and shifts have changed.
  @Test(arguments: TestedBackend.available)
  func laterBatchesMeetWhatEarlierOnesLeft(_ tested: TestedBackend) throws {
    let backend = try tested.make()
    let (network, dataset) = try network(on: backend)
    let names = dataset.classNames
    let still = try Evaluator(batchSize: 50, policy: .batch, on: backend)
      .evaluate(network, on: dataset.test, labelNames: names)
    func online(_ rate: Double, _ images: ImageSet) throws -> Evaluator.Outcome? {
      try OnlineEntropy(batchSize: 50, learningRate: rate)
        .evaluate(network, on: images, labelNames: names, backend: backend)
    }
    #expect(try online(0, dataset.test) == still)
    let before = try network.extractor.layers.parameters.snapshot(on: backend)
    // One batch is predicted before it teaches anything.
    let few = dataset.test.subset(Array(0..<50))
    let first = try Evaluator(batchSize: 50, policy: .batch, on: backend)
      .evaluate(network, on: few, labelNames: names)
    #expect(try online(1, few) == first)
    let moved = try network.extractor.layers.parameters.snapshot(on: backend)
    for (name, values) in moved {
      #expect((values != before[name]) == name.contains("bn"), "\(name)")
    }
    #expect(try online(1, dataset.test) != still)
  }

  @Test func onlyChosenClassesCome() throws {
    let backend = CPUBackend(threads: 2)
    let (network, dataset) = try network(on: backend)
    let outcome = try OnlineEntropy(batchSize: 20, learningRate: 0.01).evaluate(
      network, on: dataset.test, labelNames: dataset.classNames,
      classes: [dataset.classNames[0], dataset.classNames[3]], backend: backend)
    #expect(outcome?.images == 200)
    #expect(
      try OnlineEntropy(batchSize: 20, learningRate: 0.01).evaluate(
        network, on: dataset.test, labelNames: dataset.classNames, classes: ["nothing"],
        backend: backend) == nil)
  }
}
