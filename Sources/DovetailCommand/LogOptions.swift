import ArgumentParser
import Dovetail

/// How much a training says on stderr.
struct LogOptions: ParsableArguments {
  @Flag(name: .shortAndLong, help: "No progress: only the device, errors and the results.")
  var quiet = false
  @Flag(
    name: .shortAndLong,
    help: "Also say what is trained on what, and every loss that is read.")
  var verbose = false

  func validate() throws {
    if quiet && verbose { throw ValidationError("--quiet and --verbose: give one of them") }
  }

  /// With `--verbose`: the recipe with every default, and what was loaded.
  func describe(_ recipe: Recipe, _ datasets: [Dataset]) throws {
    guard verbose else { return }
    Console.log("Recipe, defaults included:")
    for line in recipe.yaml.split(separator: "\n") { Console.log("  \(line)") }
    for (task, data) in zip(recipe.tasks, datasets) {
      let notes = data.notes.map { ", \($0)" }.joined()
      Console.log(
        "Task \(task.name): \(data.name), \(data.trainCount) training and \(data.test.count) "
          + "test images, \(data.classNames.count) classes\(notes)")
    }
  }

  /// What a name may promise that it does not hold.
  func remark(_ recipe: Recipe) {
    guard !quiet else { return }
    let architectures = [recipe.architecture] + recipe.tasks.compactMap(\.architecture)
    for remark in Set(architectures.compactMap(\.remark)).sorted() {
      Console.log("dovetail: \(remark)")
    }
  }

  /// Before anything is trained: recombination can be measured on these classes alone.
  func sayCommonClasses(_ recipe: Recipe, _ datasets: [Dataset]) throws {
    guard !quiet, recipe.tasks.count > 1, recipe.objective == .target else { return }
    let classMap = try recipe.classMap(datasets)
    let common = classMap.common
    if common.isEmpty {
      let names = zip(recipe.tasks, classMap.names).map { task, names in
        "\(task.name): \(names.prefix(4).joined(separator: ", "))\(names.count > 4 ? ", …" : "")"
      }
      Console.log(
        "dovetail: no common classes (\(names.joined(separator: "; "))): what is recombined cannot "
          + "be measured; where two names mean one class, give a task synonyms: {car: automobile}")
    } else {
      let shown = verbose ? common.count : min(common.count, 12)
      Console.log(
        "Common classes (\(common.count)): \(common.prefix(shown).joined(separator: ", "))"
          + (shown < common.count ? ", …" : ""))
    }
  }
}
