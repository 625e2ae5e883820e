import BackendCPU
import Components
import Files
import Foundation
import Networks
import Recipes
import Runs
import TestSupport
import Testing
import Training

/// Ten thousand damaged files a format: each reads, or is refused with an error of ours; none
/// traps.
@Suite struct MutationTests {
  @Test func recipes() throws {
    let text = """
      tasks:
        - {name: a, dataset: cifar10, path: x, synonyms: {car: automobile}, classes: [cat, dog]}
        - {name: b, dataset: made-up-ink, architecture: {name: resnet, depth: 14, adapter: 32}}
      architecture: {name: resnet, depth: 8, split: stage2, adapter: 32}
      methods: [rotation-prediction, common-classes]
      steps: 12
      learning-rate: 1e-2
      evaluate-at: [0, 5]
      frozen: [heads]
      """
    var read = 0
    _ = try Recipe.parse(yaml: text, folder: "/")
    for mutation in Mutations(of: Array(text.utf8), count: 10_000) {
      do {
        let recipe = try Recipe.parse(yaml: String(decoding: mutation, as: UTF8.self), folder: "/")
        read += 1
        // What reads can be written, and reads as itself.
        if read % 20 == 0 { #expect(try Recipe.parse(yaml: recipe.yaml, folder: "/") == recipe) }
      } catch {
        #expect(!"\(error)".isEmpty)
      }
    }
    #expect(read > 0 && read < 10_000)
  }

  /// No damaged checkpoint goes on as if it were whole.
  @Test func checkpoints() throws {
    let folder = try Tiny.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var recipe = Tiny.recipe(tasks: 1)
    recipe.architecture = .init(name: .mobileNetV2, width: 0.05, split: .block(1), adapter: 2)
    func run() throws -> RunResults {
      try Run.train(
        recipe, datasets: [Tiny.two[0]], directory: RunDirectory(folder),
        on: CPUBackend(threads: 1), clock: TurnedClock(),
        control: RunControl(resumes: true, shouldStop: { true }))
    }
    #expect(throws: RunInterrupted.self) { try run() }
    let path = "\(folder)/checkpoints/000000001.safetensors"
    let good = [UInt8](try #require(FileManager.default.contents(atPath: path)))
    let values = try SafetensorsFile(bytes: good).tensors
    for mutation in Mutations(of: good, count: 10_000) {
      do {
        let checkpoint = try Checkpoint(bytes: mutation, path: path)
        #expect(checkpoint.tensors == values)
      } catch {
        #expect(error.kind == .malformed)
      }
    }
  }

  /// A run directory whose results are damaged is refused, or read; the figures of a run that
  /// trained nothing stand for those of all.
  @Test func results() throws {
    let folder = try Tiny.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var recipe = Tiny.recipe()
    recipe.steps = 1
    recipe.evaluateAt = [0]
    let directory = RunDirectory(folder)
    _ = try Run.train(
      recipe, datasets: Tiny.two, directory: directory, on: CPUBackend(threads: 1),
      clock: TurnedClock())
    let good = [UInt8](try #require(FileManager.default.contents(atPath: directory.resultsPath)))
    var read = 0
    for mutation in Mutations(of: good, count: 10_000) {
      try Data(mutation).write(to: URL(fileURLWithPath: directory.resultsPath))
      do {
        #expect(try directory.read().recipe == recipe)
        read += 1
      } catch let error as FileError {
        #expect(error.kind == .malformed)
      }
    }
    #expect(read > 0 && read < 10_000)
  }
}
