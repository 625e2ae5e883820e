import Foundation
public import Recipes

/// Where a run's data are once run and data were moved along together: recipe.yaml holds absolute
/// paths, and in a comment where it was written.
extension RunDirectory {
  private static let mark = "# run: "

  /// The first line of a recipe.yaml that names files; empty for others.
  func placeMark(_ recipe: Recipe) -> String {
    recipe.namesFiles ? "\(Self.mark)\(absolutePath)\n" : ""
  }

  private var absolutePath: String { URL(fileURLWithPath: path).standardizedFileURL.path }

  /// The recipe with those paths that are not there, and that are there seen from where the run is
  /// now as they were from where it was written.
  func found(_ recipe: Recipe, written text: String) -> Recipe {
    guard let line = text.split(separator: "\n").first, line.hasPrefix(Self.mark) else {
      return recipe
    }
    let old = String(line.dropFirst(Self.mark.count))
    let files = FileManager.default
    func moved(_ file: String) -> String {
      guard file.hasPrefix("/"), !files.fileExists(atPath: file) else { return file }
      let (from, to) = (old.split(separator: "/"), file.split(separator: "/"))
      let common = zip(from, to).prefix { $0 == $1 }.count
      // From the root alone they have nothing in common that could have moved.
      guard common > 0 else { return file }
      let relative =
        Array(repeating: "..", count: from.count - common) + to.dropFirst(common).map(String.init)
      let candidate = URL(
        fileURLWithPath: "\(absolutePath)/\(relative.joined(separator: "/"))"
      ).standardizedFileURL.path
      return files.fileExists(atPath: candidate) ? candidate : file
    }
    var recipe = recipe
    recipe.initialWeights = recipe.initialWeights.map(moved)
    recipe.auxiliaryHeads = recipe.auxiliaryHeads.map(moved)
    for index in recipe.tasks.indices {
      let task = recipe.tasks[index]
      recipe.tasks[index].path = task.path.map(moved)
      recipe.tasks[index].extractor = task.extractor.map(moved)
      recipe.tasks[index].head = task.head.map(moved)
      recipe.tasks[index].initialWeights = task.initialWeights.map(moved)
    }
    return recipe
  }
}

extension Recipe {
  fileprivate var namesFiles: Bool {
    initialWeights != nil || !auxiliaryHeads.isEmpty
      || tasks.contains {
        $0.path != nil || $0.extractor != nil || $0.head != nil || $0.initialWeights != nil
      }
  }
}
