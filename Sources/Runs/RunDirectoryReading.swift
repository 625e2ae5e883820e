import Components
import Datasets
import Files
import Foundation
public import Recipes
import Tensors
import Training

extension RunDirectory {
  /// The recipe and the recorded results of a finished run.
  public func read() throws -> (recipe: Recipe, results: RunResults) {
    let files = FileManager.default
    var isFolder: ObjCBool = false
    guard files.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else {
      throw error(.missing, "no such directory", .finishedRun)
    }
    guard let recipeData = files.contents(atPath: recipePath) else {
      throw error(.missing, "holds no recipe.yaml", .finishedRun)
    }
    guard let resultsData = files.contents(atPath: resultsPath) else {
      throw error(.missing, "holds no results.json: the run did not finish; train it again")
    }
    let recipe: Recipe
    let text = String(decoding: recipeData, as: UTF8.self)
    do {
      recipe = found(try Recipe.parse(yaml: text, folder: path), written: text)
    } catch {
      throw self.error(.malformed, "recipe.yaml is not as it was written: \(error)")
    }
    guard let results = try? JSONDecoder().decode(RunResults.self, from: resultsData) else {
      throw error(.malformed, "results.json cannot be understood; train the run again")
    }
    return (recipe, results)
  }

  /// The heads of a finished run that a task's features served beside its own.
  func selfSupervisedHeads(
    _ task: String, _ recipe: Recipe, on backend: any Backend
  ) throws -> [AuxiliaryHead] {
    if recipe.ownRotationHead {
      return [try ComponentFile.loadAuxiliaryHead(auxiliary("\(task).rotation"), on: backend)]
    }
    return try CompatibilityMethod.all.filter(recipe.uses).compactMap(\.auxiliaryTask).map {
      try ComponentFile.loadAuxiliaryHead(auxiliary($0.kind.rawValue), on: backend)
    }
  }

  /// Components and data have to be those of the run: figures of others would pass for its own.
  /// - Parameter digest: of the data set that the run was measured on, as recorded.
  func checkFit(
    _ part: EvaluatedTask, _ recipe: Recipe, classNames: [String], digest: String?
  ) throws {
    func differs(_ what: String) -> FileError {
      error(.malformed, "task \(part.name): \(what); train the run again")
    }
    let extractor = part.extractor
    let head = part.head
    let task = recipe.tasks.first { $0.name == part.name }
    guard extractor.architecture == task.map(recipe.extractorArchitecture(of:)),
      head.architecture == recipe.architecture
    else { throw differs("its components are of another architecture than recipe.yaml says") }
    guard extractor.preprocessing.form == recipe.settings.form else {
      throw differs(
        "its extractor takes images of \(extractor.preprocessing.form), recipe.yaml says "
          + "\(recipe.settings.form)")
    }
    guard head.classNames == classNames else {
      throw differs("the classes of its head are not those of its data set")
    }
    guard part.dataset.digest == digest else {
      throw differs("its data set is not the one that results.json was measured on")
    }
  }
}
