import BackendCPU
import Components
import Datasets
import Evaluation
import Foundation
import Tensors
import Testing
import Training

@Suite struct PredictorTests {
  let backend = CPUBackend(threads: 2)
  let folder: String
  let files: [String]

  /// Forty pictures of 12 × 10 pixels, the last one cut off.
  init() throws {
    folder = try Tiny.temporaryFolder()
    var random = RandomStream(seed: 2, .diagnostics)
    var files: [String] = []
    for index in 0..<40 {
      let pixels = (0..<12 * 10 * 3).map { _ in UInt8(random.below(120) + index * 3) }
      let file = try JPEG.encode(pixels, width: 12, height: 10, quality: 90)
      let path = "\(folder)/\(index).jpg"
      try Data(index == 39 ? file.prefix(100) : file[...]).write(to: URL(fileURLWithPath: path))
      files.append(path)
    }
    self.files = files
  }

  private func model(_ policy: BatchNormPolicy) throws -> Model {
    let trainer = try Tiny.trainer(Tiny.recipe(tasks: 1), [Tiny.two[0]], on: backend)
    try trainer.run()
    let network = try Recombination(trainer.networks[0].extractor, trainer.networks[0].head)
    network.extractor.stamp.batchNorm = policy
    network.head.stamp.batchNorm = policy
    network.extractor.stamp.featureSpace = FeatureSpace([
      Anchor(.sharedHead, String(repeating: "a", count: 64))
    ])
    network.head.stamp.featureSpace = network.extractor.stamp.featureSpace
    return try Model(network, on: backend)
  }

  /// To the last bit: alone, in another order, among others.
  @Test(arguments: [BatchNormPolicy.running, .recalibrated])
  func withFixedStatisticsAnImageIsAllThatCounts(_ policy: BatchNormPolicy) throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var model = try model(.batch)
    if policy == .running {
      model = try self.model(.running)
    } else {
      model = try model.recalibrated(
        on: Tiny.two[0].train, named: "tiny", digest: String(repeating: "d", count: 64),
        batchSize: 8,
        path: "m", backend: backend)
    }
    let predictor = Predictor(model)
    #expect(!predictor.dependsOnTheBatch)
    func logits(_ chosen: [Int]) throws -> [Int: [Float]] {
      let found = try predictor.predict(
        chosen.map { files[$0] }, path: "m", on: backend
      ).predictions
      #expect(found.map(\.path) == chosen.map { files[$0] })
      return Dictionary(uniqueKeysWithValues: zip(chosen, found.map(\.logits)))
    }
    let all = try logits(Array(0..<39))
    #expect(Set(all.values).count > 30)
    for chosen in [[7], [38, 7, 2], Array((0..<39).reversed())] {
      for (image, values) in try logits(chosen) { #expect(values == all[image]) }
    }
  }

  /// What damage takes away does not count as an image.
  @Test func aFewImagesHaveNoStatisticsOfTheirOwn() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let predictor = Predictor(try model(.batch))
    #expect(predictor.dependsOnTheBatch)
    func predict(_ files: [String], allow: Bool = false) throws -> Int {
      try predictor.predict(
        files, path: "m", allowSmallBatch: allow, skipDamaged: true, on: backend
      ).predictions.count
    }
    #expect(try predict(Array(files[7...])) == 32)
    #expect(throws: SmallBatchError.self) { try predict(Array(files[..<31])) }
    #expect(throws: SmallBatchError.self) { try predict(Array(files[8...])) }
    #expect(try predict(Array(files[8...]), allow: true) == 31)
    let some = files
    let error = #expect(throws: DatasetError.self) {
      _ = try predictor.predict(some, path: "m", on: CPUBackend(threads: 2))
    }
    #expect(error?.path == files[39])
  }

  @Test func probabilitiesAreThoseOfTheLogits() {
    let found = Predictor.Prediction(path: "x", logits: [1, 3, 3, 1000, 999])
    #expect(abs(found.probabilities[3] - 1 / (1 + exp(-1.0))) < 1e-12)
    #expect(abs(found.probabilities.reduce(0, +) - 1) < 1e-12)
    #expect(found.best(4).map(\.output) == [3, 4, 0, 1])
    let equal = Predictor.Prediction(path: "x", logits: [0, 2, 2, 1])
    #expect(equal.best(9).map(\.output) == [1, 2, 3, 0])
  }
}
