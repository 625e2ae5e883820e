import BackendCPU
import Components
import Datasets
import Foundation
import Recipes
import Runs
import Tensors
import TestSupport
import Testing
import Training

@Suite struct StreamingTests {
  private let backend = CPUBackend(threads: 2)

  /// `train/<class>/*.jpg` and `test/…`: 8 + 8 training images, 4 test images.
  private func folder() throws -> String {
    let root = try Tiny.temporaryFolder()
    for (label, name) in ["ant", "bee"].enumerated() {
      for (part, count) in [("train", 8), ("test", 2)] {
        let place = "\(root)/\(part)/\(name)"
        try FileManager.default.createDirectory(
          atPath: place, withIntermediateDirectories: true)
        for index in 0..<count {
          let pixels = (0..<16 * 16 * 3).map {
            UInt8(($0 * (index + 2) + label * 90 + index * 13) % 250)
          }
          let file = try JPEG.encode(pixels, width: 16, height: 16, quality: 95)
          try Data(file).write(to: URL(fileURLWithPath: "\(place)/\(index).jpg"))
        }
      }
    }
    return root
  }

  private func recipe(_ folder: String, _ change: (inout Recipe) -> Void = { _ in }) -> Recipe {
    var recipe = Recipe(tasks: [TaskRecipe(name: "a", dataset: .folder, path: folder)])
    recipe.imageSize = Tiny.size
    recipe.methods = [.rotationPrediction]
    recipe.steps = 9
    recipe.batchSize = 4
    change(&recipe)
    return recipe
  }

  private func trained(_ recipe: Recipe) throws -> (Trainer, [[String: [Float]]]) {
    let trainer = try Trainer(recipe, datasets: recipe.loadDatasets(), on: backend)
    try trainer.run()
    return (trainer, try Tiny.state(trainer, on: backend))
  }

  /// Objectives of adaptation go on from a network, and take their images alike.
  @Test(arguments: [Objective.target, .selfSupervised]) func heldAndStreamedGiveEqualBits(
    _ objective: Objective
  ) throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let (held, heldState) = try trained(recipe(folder) { $0.objective = objective })
    let (streamed, streamedState) = try trained(
      recipe(folder) {
        $0.objective = objective
        $0.imageMemory = 0
      })
    #expect(held.networks[0].dataset.stream == nil && held.networks[0].dataset.train.count == 16)
    let stream = try #require(streamed.networks[0].dataset.stream)
    #expect(stream.count == 16 && streamed.networks[0].dataset.train.count == 0)
    #expect(stream.normalization == held.networks[0].dataset.train.normalization)
    #expect(heldState == streamedState)
  }

  /// A damaged file is named; skipped, its place is taken by the next, whatever the threads do.
  @Test func damagedFilesStopTheTrainingOrAreReplaced() throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let broken = "\(folder)/train/ant/3.jpg"
    // Normalization is taken before a file is damaged, or leaves it out.
    let stopping = recipe(folder) { $0.imageMemory = 0 }
    let datasets = try stopping.loadDatasets()
    try Data("no JPEG".utf8).write(to: URL(fileURLWithPath: broken))
    let error = #expect(throws: DatasetError.self) {
      try Trainer(stopping, datasets: datasets, on: backend).run()
    }
    #expect(error?.path == broken)
    #expect(throws: DatasetError.self) { try stopping.loadDatasets() }
    let skipping = recipe(folder) {
      $0.imageMemory = 0
      $0.damagedImages = .skip
    }
    let (first, state) = try trained(skipping)
    let (_, again) = try trained(skipping)
    #expect(state == again)
    #expect(first.networks[0].dataset.stream?.count == 16)
    let results = try Run.train(
      skipping, datasets: skipping.loadDatasets(), directory: nil, on: backend, clock: TurnedClock()
    )
    #expect(results.skippedImages == [broken])
  }

  /// Two tasks on one data set, and a second, longer training on it, each take their own images.
  @Test func oneStreamServesSeveralTrainings() throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let held = try Dataset.load(.folder, path: folder, imageSize: Tiny.size)
    let streamed = try Dataset.load(.folder, path: folder, imageSize: Tiny.size, memory: 0)
    func states(_ dataset: Dataset) throws -> [[[String: [Float]]]] {
      try [(1, 5), (2, 8)].map { seed, steps in
        let recipe = Tiny.recipe {
          $0.seed = UInt64(seed)
          $0.steps = steps
        }
        return try Tiny.trained(recipe, [dataset, dataset])
      }
    }
    #expect(try states(held) == states(streamed))
  }

  /// By a clock that moves on by a second whenever it is read.
  @Test func waitingForStreamedImagesIsMeasured() throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    func results(_ change: (inout Recipe) -> Void) throws -> (RunResults, [Double?]) {
      var along: [Double?] = []
      let recipe = recipe(folder, change)
      let results = try Run.train(
        recipe, datasets: recipe.loadDatasets(), directory: nil, on: backend,
        clock: TurnedClock(step: .seconds(1)), progress: { along.append($0.secondsWaiting) })
      return (results, along)
    }
    let (streamed, along) = try results { $0.imageMemory = 0 }
    #expect(streamed.secondsWaitingForImages == 9 && along == [9])
    let (held, heldAlong) = try results { _ in }
    #expect(held.secondsWaitingForImages == nil && held.skippedImages == nil && heldAlong == [nil])
  }

  /// Equal components, and the figures of both parts together.
  @Test func aStreamedTrainingGoesOnWhereItStopped() throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try Data("no JPEG".utf8).write(to: URL(fileURLWithPath: "\(folder)/train/bee/7.jpg"))
    let recipe = recipe(folder) {
      $0.imageMemory = 0
      $0.damagedImages = .skip
    }
    func run(_ name: String, stopAfter: Int?) throws -> (RunResults, Data?) {
      let directory = RunDirectory("\(folder)/\(name)")
      var rounds = 0
      let control = RunControl(resumes: true) {
        rounds += 1
        return rounds == stopAfter
      }
      let results = try Run.train(
        recipe, datasets: recipe.loadDatasets(), directory: directory, on: backend,
        clock: TurnedClock(step: .seconds(1)), control: control)
      return (results, FileManager.default.contents(atPath: directory.extractor("a")))
    }
    let (whole, extractor) = try run("whole", stopAfter: nil)
    #expect(throws: RunInterrupted.self) { try run("parts", stopAfter: 8) }
    let (parts, again) = try run("parts", stopAfter: nil)
    #expect(extractor != nil && extractor == again)
    #expect(whole.secondsWaitingForImages == 9 && parts.secondsWaitingForImages == 9)
    #expect(whole.skippedImages == ["\(folder)/train/bee/7.jpg"])
    #expect(parts.skippedImages == whole.skippedImages)
  }

  @Test func whatNeedsAllImagesSaysSo() throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    for change: (inout Recipe) -> Void in [
      { $0.validation = 0.5 }, { $0.tasks[0].classes = ["ant"] },
    ] {
      var recipe = recipe(folder) { $0.imageMemory = 0 }
      change(&recipe)
      #expect(throws: (any Error).self) {
        try Trainer(recipe, datasets: recipe.loadDatasets(), on: backend)
      }
    }
  }
}
