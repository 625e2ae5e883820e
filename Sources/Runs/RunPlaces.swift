import Files
import Foundation
import Recipes

/// Where a run's data are once run and data were moved along together: recipe.yaml holds absolute
/// paths, and in a comment how they are reached from the run's directory.
extension RunDirectory {
  private static let mark = "# from here: "

  /// The first line of a recipe.yaml that names files; empty for others. Equal for runs beside each
  /// other.
  func placeMark(_ recipe: Recipe) throws -> String {
    var places: [String: String] = [:]
    for file in recipe.files { places[file] = relative(file) }
    guard !places.isEmpty else { return "" }
    return "\(Self.mark)\(try CanonicalJSON.text(places))\n"
  }

  /// - Returns: nil for what has nothing but the root in common with the directory.
  private func relative(_ file: String) -> String? {
    let (from, to) = (absolutePath.split(separator: "/"), file.split(separator: "/"))
    let common = zip(from, to).prefix { $0 == $1 }.count
    guard file.hasPrefix("/"), common > 0 else { return nil }
    let up = Array(repeating: "..", count: from.count - common)
    return (up + to.dropFirst(common).map(String.init)).joined(separator: "/")
  }

  private var absolutePath: String { URL(fileURLWithPath: path).standardizedFileURL.path }

  /// The recipe with those paths that are not there, and that are there as seen from where the run
  /// is now.
  func found(_ recipe: Recipe, written text: String) -> Recipe {
    guard let line = text.split(separator: "\n").first, line.hasPrefix(Self.mark),
      let places = try? JSONDecoder().decode(
        [String: String].self, from: Data(line.dropFirst(Self.mark.count).utf8))
    else { return recipe }
    let files = FileManager.default
    func moved(_ file: String) -> String {
      guard !files.fileExists(atPath: file), let relative = places[file] else { return file }
      let candidate = URL(fileURLWithPath: "\(absolutePath)/\(relative)").standardizedFileURL.path
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
  /// Whatever it names.
  fileprivate var files: [String] {
    let ofTasks = tasks.flatMap { [$0.path, $0.extractor, $0.head, $0.initialWeights] }
    return ([initialWeights] + ofTasks).compactMap(\.self) + auxiliaryHeads
  }
}
