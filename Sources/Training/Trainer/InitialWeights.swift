import Components
import Foundation
import Networks
import Tensors

/// Pre-trained initial weights: the networks of a recipe start from the components of an earlier
/// run (`initial-weights`), the same for all tasks or another run for each.
///
/// From the run's extractor comes the extractor. From its shared rotation head, which has the
/// target head's shape, come the target heads except for the last linear layer, which stays fresh
/// (ours); and, where all tasks start from one run, the shared rotation head whole.
enum InitialWeights {
  static func load(
    _ recipe: Recipe, into networks: [TaskNetwork], selfSupervised heads: [AuxiliaryHead],
    on backend: any Backend
  ) throws {
    for (task, network) in zip(recipe.tasks, networks) {
      guard let path = recipe.initialWeights ?? task.initialWeights else { continue }
      let extractor = try Self.extractor(of: path, for: task.name, on: backend)
      guard extractor.architecture == recipe.architecture else {
        throw RecipeError(
          "initial-weights: the extractor in \(path) is a \(extractor.architecture) cut at "
            + "\(extractor.architecture.split.rawValue), the recipe's a \(recipe.architecture) cut at "
            + "\(recipe.architecture.split.rawValue); give a run of the same architecture")
      }
      copy(extractor.layers, to: network.extractor.layers, on: backend)
      guard let rotation = try rotationHead(of: path, on: backend) else { continue }
      copy(
        rotation.head.layers, to: network.head.layers, except: recipe.architecture.classifier,
        on: backend)
    }
    guard let path = recipe.initialWeights,
      let fresh = heads.first(where: { $0.kind == .rotation }),
      let rotation = try rotationHead(of: path, on: backend)
    else { return }
    copy(rotation.head.layers, to: fresh.head.layers, on: backend)
  }

  /// The task's own extractor where the run has one of its name, else the run's only one.
  private static func extractor(
    of path: String, for task: String, on backend: any Backend
  ) throws -> FeatureExtractor {
    let run = RunDirectory(path)
    if FileManager.default.fileExists(atPath: run.extractor(task)) {
      return try ComponentFile.loadExtractor(run.extractor(task), on: backend)
    }
    let suffix = ".extractor.safetensors"
    let found = ((try? FileManager.default.contentsOfDirectory(atPath: "\(path)/components")) ?? [])
      .filter { $0.hasSuffix(suffix) }
    guard found.count == 1 else {
      throw RecipeError(
        "initial-weights: expected in \(path) the components of a finished run, with an extractor of "
          + "the task \(task) or one alone, found \(found.count); give such a run's directory")
    }
    return try ComponentFile.loadExtractor("\(path)/components/\(found[0])", on: backend)
  }

  private static func rotationHead(
    of path: String, on backend: any Backend
  ) throws -> AuxiliaryHead? {
    let file = RunDirectory(path).auxiliary("rotation")
    guard FileManager.default.fileExists(atPath: file) else { return nil }
    return try ComponentFile.loadAuxiliaryHead(file, on: backend)
  }

  /// Parameters and running statistics, by position; what belongs to the layer `except` stays.
  private static func copy(
    _ source: Sequential, to target: Sequential, except: String? = nil, on backend: any Backend
  ) {
    func counts(_ name: String) -> Bool { except.map { !name.hasPrefix("\($0).") } ?? true }
    target.parameters.filter { counts($0.name) }.copyValues(
      from: source.parameters.filter { counts($0.name) }, on: backend)
    for (from, to) in zip(source.buffers, target.buffers) {
      backend.copy(from.value, to: to.value)
    }
  }
}
