import Dovetail
import Foundation
import TestSupport
import Testing

/// The reference's example: train, recombine, certify with the library.
@Suite struct WorkedExampleTests {
  @Test func trainRecombineCertify() throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("dovetail-example-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }

    // Two small data sets that share nine classes, drawn by code.
    let backend = CPUBackend()
    let datasets = [SyntheticDomain.ink, .neon].map { $0.dataset(size: 16) }
    var recipe = Recipe(tasks: [
      TaskRecipe(name: "ink", dataset: .syntheticInk),
      TaskRecipe(name: "neon", dataset: .syntheticNeon),
    ])
    recipe.imageSize = 16
    recipe.batchSize = 32
    recipe.steps = 250
    recipe.methods = [.identicalInitialWeights, .commonClasses]
    let run = RunDirectory("\(folder)/run")
    _ = try Run.train(recipe, datasets: datasets, directory: run, on: backend, clock: TurnedClock())

    // Ink's extractor under neon's head, as one file.
    let model = try Model(
      extractor: try ComponentFile.read(run.extractor("ink")),
      head: try ComponentFile.read(run.head("neon")))
    try ModelFile.write(model, to: "\(folder)/model.safetensors")

    // What is it worth on ink's test images?
    let certificate = try Certifier(on: backend).certify(
      try ComponentFile.read(run.extractor("ink")),
      try ComponentFile.read(run.head("neon")), on: try LabeledImages(datasets[0]),
      own: try ComponentFile.read(run.head("ink")))
    #expect(certificate.verdict == .compatible, "\(certificate.reason)")
    #expect(certificate.accuracy > 2 * certificate.chance)
    #expect(
      try ModelFile.load("\(folder)/model.safetensors", on: backend).head.classNames.count == 10)
  }
}
