import Dovetail
import Foundation
import Testing

/// The README's example: train, recombine, certify with the library.
@Suite struct WorkedExampleTests {
  @Test func trainRecombineCertify() throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("dovetail-example-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }

    // Two small data sets that share nine classes, drawn by code.
    let backend = CPUBackend()
    let datasets = [MadeUpDomain.ink, .neon].map { $0.dataset(size: 16) }
    var recipe = Recipe(tasks: [
      TaskRecipe(name: "ink", dataset: .madeUpInk), TaskRecipe(name: "neon", dataset: .madeUpNeon),
    ])
    recipe.imageSize = 16
    recipe.batch = 32
    recipe.steps = 250
    recipe.methods = [.identicalInitialWeights, .commonClasses]
    let run = RunDirectory("\(folder)/run")
    _ = try Run.train(recipe, datasets: datasets, directory: run, on: backend, clock: { 0 })

    // Ink's extractor under neon's head, as one file.
    let model = try Model(
      extractor: try ComponentFile.read(run.extractor("ink")),
      head: try ComponentFile.read(run.head("neon")))
    try ModelFile.write(model, to: "\(folder)/model.safetensors")

    // What is it worth on ink's test images?
    let certificate = try Certifier(on: backend).certify(
      try LoadedExtractor(run.extractor("ink"), on: backend),
      try LoadedHead(run.head("neon"), on: backend), on: try LabelledImages(datasets[0]),
      own: try LoadedHead(run.head("ink"), on: backend))
    #expect(certificate.verdict == .compatible, "\(certificate.reason)")
    #expect(certificate.accuracy > 2 * certificate.chance)
    #expect(
      try ModelFile.load("\(folder)/model.safetensors", on: backend).head.classNames.count == 10)
  }
}
